package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.lock.LockHolder;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.scheduler.LiveListenerBus;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerInterface;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol;
import org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;

/** Statements that write and fail continue under their key. */
class QueryJournalTest {

  private static final String KEY = "spark.strata.sql.run.key";
  private static final String DIRECTORY = "spark.strata.journal.dir";

  /** The id of the row that cannot be written; 0 for none. */
  private static final AtomicInteger BROKEN = new AtomicInteger();

  @TempDir static Path folder;

  private static SparkSession spark;
  private static PromptCounter counter;

  @TempDir Path journals;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    SqlSession.makeTable(spark, folder);
    UDF2<Integer, Object, Object> written =
        (id, value) -> {
          if (id == BROKEN.get()) {
            throw new IllegalStateException("the disk is full");
          }
          return value;
        };
    spark.udf().register("written", written, DataTypes.StringType);
    counter = PromptCounter.of(spark);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @BeforeEach
  void set() throws Exception {
    spark.conf().set(KEY, "a night/1");
    spark.conf().set(DIRECTORY, journals.toString());
    spark.conf().set("spark.strata.journal.interval", "0");
    BROKEN.set(0);
    counter.reset();
  }

  @AfterEach
  void unset() {
    for (String key : List.of(KEY, DIRECTORY, "spark.strata.fresh", "spark.strata.maxNewTokens")) {
      spark.conf().unset(key);
    }
    spark.conf().set("spark.strata.maxNewTokens", SqlSession.MAX_NEW_TOKENS);
    spark.sql("DROP TABLE IF EXISTS made");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TABLE made USING parquet AS SELECT id, written(id, ai_gen(text)) AS u FROM t",
        "INSERT INTO made SELECT /*+ REPARTITION(3) */ id, written(id, ai_gen(text)) FROM t",
        "INSERT OVERWRITE made SELECT id, written(id, ai_gen(text)) FROM t WHERE id < 7"
            + " UNION ALL SELECT id, written(id, ai_gen(text)) FROM t WHERE id >= 7",
      })
  void aStatementThatFailedContinues(String statement) throws Exception {
    boolean makesTable = statement.startsWith("CREATE");
    if (!makesTable) {
      spark.sql("CREATE TABLE made (id INT, u STRING) USING parquet");
    }
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(statement)).hasStackTraceContaining("the disk is full");
    assertThat(directories()).startsWith("run-a+night%2F1");
    counter.reset();
    BROKEN.set(0);
    spark.sql(statement);
    assertThat(kept()).isPositive();
    assertThat(counter.asked()).isEqualTo(9 - kept());
    assertThat(directories()).as("the rows are written").doesNotContain("run.json");
    assertThat(rows("SELECT id, u FROM made")).isEqualTo(rows("SELECT id, ai_gen(text) FROM t"));
  }

  private static long kept() throws Exception {
    return counter.count("prompts kept of an earlier try");
  }

  /** Texts, labels with their shares and vectors, those of several questions for a row. */
  @Test
  void allThatIsAskedIsKept() throws Exception {
    String all =
        "SELECT id, written(id, ai_gen(text)) AS u, ai_classify(text, array('x', 'y')) AS l,"
            + " ai_embed(text) AS e FROM t";
    String path = journals.resolve("out").toString();
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(all).write().mode("overwrite").parquet(path))
        .hasStackTraceContaining("the disk is full");
    counter.reset();
    BROKEN.set(0);
    spark.sql(all).write().mode("overwrite").parquet(path);
    assertThat(kept()).isGreaterThanOrEqualTo(3);
    assertThat(counter.asked()).isEqualTo(27 - kept());
    spark.read().parquet(path).createOrReplaceTempView("out");
    assertThat(rows("SELECT * FROM out")).isEqualTo(rows(all));
  }

  /** The second begins before Spark tells that the first is over. */
  @Test
  void statementsFollowOneAnother() throws Exception {
    spark.sql("CREATE TABLE made (id INT, u STRING) USING parquet");
    SparkListener slow =
        new SparkListener() {
          @Override
          public void onOtherEvent(SparkListenerEvent event) {
            if (event instanceof SparkListenerDriverAccumUpdates) { // the last before the end
              LockSupport.parkNanos(700_000_000);
            }
          }
        };
    spark.sparkContext().addSparkListener(slow);
    for (int i = 0; i < 3; i++) {
      spark.sql("INSERT INTO made SELECT id, ai_gen(text) FROM t WHERE id > 9");
    }
    spark.sparkContext().removeSparkListener(slow);
    assertThat(rows("SELECT id FROM made")).containsExactly("[10]", "[10]", "[10]");
    counter.reset();
    assertThat(directories()).doesNotContain("run.json");
  }

  /** Spark drops events that it has no time to tell; what such a statement wrote stays. */
  @Test
  void aStatementWhoseEndIsNotToldIsOverAllTheSame() throws Exception {
    spark.sql("CREATE TABLE made (id INT, u STRING) USING parquet");
    String insert = "INSERT INTO made SELECT id, ai_gen(text) FROM t WHERE id > 9";
    spark.sql(insert);
    SparkListenerInterface ends =
        spark.sparkContext().listenerBus().listeners().stream()
            .filter(QueryJournals.class::isInstance)
            .findFirst()
            .orElseThrow();
    counter.reset();
    spark.sparkContext().removeSparkListener(ends);
    spark.sql(insert);
    counter.reset();
    spark.sparkContext().addSparkListener(ends);
    spark.sql(insert);
    assertThat(rows("SELECT id FROM made")).containsExactly("[10]", "[10]", "[10]");
    counter.reset();
    assertThat(directories()).doesNotContain("run.json");
  }

  @Test
  void groupsAreKept() throws Exception {
    spark.sql("CREATE TABLE made (id INT, u STRING) USING parquet");
    String insert =
        "INSERT INTO made SELECT min(id), written(int(max(id)), ai_agg(text, 'Sum up.')) FROM t"
            + " GROUP BY k";
    BROKEN.set(9);
    assertThatThrownBy(() -> spark.sql(insert)).hasStackTraceContaining("the disk is full");
    counter.reset();
    BROKEN.set(0);
    spark.sql(insert);
    assertThat(kept()).isPositive();
    assertThat(spark.table("made").count()).isEqualTo(2);
  }

  @Test
  void whatOnlyReadsKeepsNothing() throws Exception {
    assertThat(spark.sql("SELECT ai_gen(text) FROM t").collectAsList()).hasSize(10);
    spark.sql("EXPLAIN CREATE TABLE made AS SELECT ai_gen(text) FROM t").collect();
    spark.sql("CACHE TABLE cached AS SELECT ai_gen(text) AS u FROM t");
    spark.sql("CREATE TABLE made USING parquet AS SELECT u FROM cached");
    spark.sql("UNCACHE TABLE cached");
    counter.reset();
    assertThat(directories()).isEmpty();
  }

  @Test
  void otherOptionsAreRefused() throws Exception {
    String statement =
        "CREATE TABLE made USING parquet AS SELECT written(id, ai_gen(text)) u FROM t";
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(statement));
    BROKEN.set(0);
    spark.conf().set("spark.strata.maxNewTokens", 2);
    assertThatThrownBy(() -> spark.sql(statement))
        .hasStackTraceContaining(
            "has what another run produced before it ended: --max-new-tokens was 3 and is 2; run"
                + " it as before to continue, or set --fresh (spark.strata.fresh)");
    spark.conf().set("spark.strata.fresh", true);
    counter.reset();
    spark.sql(statement);
    assertThat(kept()).isZero();
    assertThat(counter.asked()).isEqualTo(9);
  }

  /** Two applications would write the same rows twice. */
  @Test
  void anotherApplicationHasToWait() throws Exception {
    String statement = "CREATE TABLE made USING parquet AS SELECT ai_gen(text) u FROM t";
    String broken = statement.replace("ai_gen(text)", "written(id, ai_gen(text))");
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(broken));
    BROKEN.set(0);
    counter.reset();
    Path lock = lock(journals);
    assertThat(lock).as("given back after a failure").doesNotExist();
    LockHolder me = LockHolder.ofThisProcess("app-of-another");
    Files.write(lock, me.toBytes());
    assertThatThrownBy(() -> spark.sql(statement))
        .hasStackTraceContaining(
            "the same statement is run under " + KEY + "=a night/1 by " + me + ", last heard of ")
        .hasStackTraceContaining("wait until it ends, or remove " + lock + " if you know");
    counter.reset();
    assertThat(LockHolder.parse(Files.readAllBytes(lock))).as("not theirs").contains(me);
    Files.delete(lock);
    spark.sql(statement);
    assertThat(spark.table("made").count()).isEqualTo(10);
    counter.reset();
    assertThat(lock).as("given back").doesNotExist();
  }

  /** Nobody tells of the end of what goes on when the application ends. */
  @Test
  void anApplicationThatEndsGivesItBack() {
    String directory = journals.toString();
    UDF1<Object, String> seen =
        text -> {
          Path lock = lock(Path.of(directory));
          String before = Files.exists(lock) ? "held, " : "free, ";
          LiveListenerBus bus = spark.sparkContext().listenerBus();
          bus.post(new SparkListenerApplicationEnd(1, Option.empty()));
          bus.waitUntilEmpty();
          return before + (Files.exists(lock) ? "held" : "free");
        };
    spark.udf().register("seen", seen, DataTypes.StringType);
    spark.sql("CREATE TABLE made USING parquet AS SELECT seen(ai_gen(text)) u FROM t WHERE id = 1");
    assertThat(rows("SELECT u FROM made")).containsExactly("[held, free]");
  }

  /** A disk that is full. */
  public static final class FullDisk extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("full:///");
    }

    @Override
    public FsStatus getStatus(org.apache.hadoop.fs.Path path) {
      return new FsStatus(1L << 40, 1L << 40, 1000);
    }

    @Override
    protected void checkPath(org.apache.hadoop.fs.Path path) {}
  }

  @ParameterizedTest
  @ValueSource(strings = {"journals", "output"})
  void aFullDiskIsToldBeforeAnythingIsAsked(String what) throws Exception {
    spark.sparkContext().hadoopConfiguration().set("fs.full.impl", FullDisk.class.getName());
    String full = "full:" + journals.resolve("full");
    boolean isOfJournals = what.equals("journals");
    spark.conf().set(DIRECTORY, isOfJournals ? full : journals.toString());
    String output = isOfJournals ? journals.resolve("out").toString() : full;
    counter.reset();
    assertThatThrownBy(() -> spark.sql("SELECT ai_gen(text) u FROM t").write().parquet(output))
        .hasStackTraceContaining(full)
        .hasStackTraceContaining("has room for 0 MiB, but the run writes at least 1 MiB there");
    assertThat(counter.asked()).isZero();
  }

  /** What an application has of a query's files when it is killed, and where they are. */
  private enum Killed {
    WRITING("_temporary/0/_temporary/attempt_1/part-00000-%1$s-c000.parquet"),
    HAVING_WRITTEN("_temporary/0/task_1/part-00001-%1$s-c000.parquet"),
    MOVING("_temporary/0/task_1/part-00001-%1$s-c000.parquet part-00000-%1$s-c000.parquet"),
    HAVING_MOVED("part-00000-%1$s-c000.parquet part-00001-%1$s-c000.parquet"),
    DONE("part-00000-%1$s-c000.parquet _SUCCESS");

    private final String files;

    /**
     * @param files names with spaces between them, within the table
     */
    Killed(String files) {
      this.files = files;
    }

    /** Makes the files of a write, of which rows are copied. */
    void leave(Path table, Path rows, String job) throws IOException {
      for (String file : files.formatted(job).split(" ", -1)) {
        Path left = table.resolve(file);
        Files.createDirectories(left.getParent());
        Files.copy(rows, left);
      }
    }
  }

  /** The write that the statement's journal has begun. */
  private String job() throws IOException {
    try (Stream<Path> all = Files.walk(journals)) {
      List<String> marks =
          all.map(path -> path.getFileName().toString())
              .filter(name -> name.startsWith("write-"))
              .map(name -> name.substring("write-".length()))
              .toList();
      assertThat(marks).as("Spark's names of a write").singleElement().asString().hasSize(36);
      return marks.get(0);
    }
  }

  private static Path file(Path table) throws IOException {
    try (Stream<Path> all = Files.list(table)) {
      return all.filter(path -> path.getFileName().toString().matches("part-.*parquet"))
          .findFirst()
          .orElseThrow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTableThatWasBeingMadeIsMadeAnew(Killed killed) throws Exception {
    String statement =
        "CREATE TABLE made USING parquet AS SELECT id, written(id, ai_gen(text)) u FROM t";
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(statement)).hasStackTraceContaining("the disk is full");
    BROKEN.set(0);
    counter.reset();
    Path table = folder.resolve("warehouse/made");
    killed.leave(table, file(folder.resolve("t.parquet")), job());
    Path others = Files.writeString(table.resolve("mine.txt"), "somebody's");
    assertThatThrownBy(() -> spark.sql(statement)).hasStackTraceContaining("already exists");
    assertThat(others).exists();
    Files.delete(others);
    spark.sql(statement);
    assertThat(spark.table("made").count()).isEqualTo(10);
    assertThat(kept()).isPositive();
  }

  /** What others have added is no part of what was killed, nor what they have not yet. */
  @ParameterizedTest
  @EnumSource
  void aTableThatWasBeingAddedToHasEachRowOnce(Killed killed) throws Exception {
    spark.sql("SELECT id, text AS u FROM t").coalesce(1).write().saveAsTable("made");
    Path table = folder.resolve("warehouse/made");
    Path rows = file(table);
    String insert = "INSERT INTO made SELECT id, written(id, ai_gen(text)) u FROM t";
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(insert)).hasStackTraceContaining("the disk is full");
    BROKEN.set(0);
    counter.reset();
    Files.deleteIfExists(table.resolve("_SUCCESS"));
    killed.leave(table, rows, job());
    Path others = table.resolve("part-00000-0f3c-c000.parquet");
    Files.copy(rows, others);
    spark.sql(insert);
    assertThat(spark.table("made").count()).as("what was there, others', ours").isEqualTo(30);
    assertThat(kept()).isPositive();
    assertThat(directories()).as("it is over").doesNotContain("write-");
  }

  /** A mark that was cut off is of a write that had not begun. */
  @Test
  void aMarkThatWasCutOffClearsNothing() throws Exception {
    spark.sql("SELECT id, text AS u FROM t").coalesce(1).write().saveAsTable("made");
    String insert = "INSERT INTO made SELECT id, written(id, ai_gen(text)) u FROM t";
    BROKEN.set(10);
    assertThatThrownBy(() -> spark.sql(insert)).hasStackTraceContaining("the disk is full");
    BROKEN.set(0);
    counter.reset();
    String job = job();
    try (Stream<Path> all = Files.walk(journals)) {
      Path mark =
          all.filter(path -> path.getFileName().toString().equals("write-" + job))
              .findFirst()
              .orElseThrow();
      Files.deleteIfExists(mark.resolveSibling("." + mark.getFileName() + ".crc"));
      Files.writeString(mark, folder.resolve("warehouse").toString());
    }
    Path table = folder.resolve("warehouse/made");
    Killed.HAVING_MOVED.leave(table, file(table), job);
    spark.sql(insert);
    assertThat(spark.table("made").count()).isEqualTo(40);
    counter.reset();
  }

  /** How somebody has files put in their place is theirs. */
  @Test
  void aCommitThatSomebodyChoseStays() throws Exception {
    String name = "spark.sql.sources.commitProtocolClass";
    spark.conf().set(name, OtherCommit.class.getName());
    spark.sql("CREATE TABLE made USING parquet AS SELECT ai_gen(text) u FROM t WHERE id = 1");
    assertThat(spark.conf().get(name)).isEqualTo(OtherCommit.class.getName());
    spark.conf().unset(name);
    spark.sql("INSERT INTO made SELECT ai_gen(text) u FROM t WHERE id = 1");
    assertThat(spark.conf().get(name)).isEqualTo(MarkedCommit.class.getName());
    counter.reset();
  }

  /** A way to put files in their place. */
  public static final class OtherCommit extends SQLHadoopMapReduceCommitProtocol {
    public OtherCommit(String job, String path, boolean dynamicPartitionOverwrite) {
      super(job, path, dynamicPartitionOverwrite);
    }
  }

  /** What is in it is no part of what was killed. */
  @Test
  void aTableThatWasBeingAddedToKeepsWhatItHas() throws Exception {
    spark.sql("SELECT id, text AS u FROM t").write().saveAsTable("made");
    Dataset<Row> more = spark.sql("SELECT id, written(id, ai_gen(text)) u FROM t");
    BROKEN.set(10);
    assertThatThrownBy(() -> more.write().mode("append").saveAsTable("made"))
        .hasStackTraceContaining("the disk is full");
    BROKEN.set(0);
    Path table = folder.resolve("warehouse/made");
    Files.createDirectories(table.resolve("_temporary/0"));
    Files.delete(table.resolve("_SUCCESS"));
    more.write().mode("append").saveAsTable("made");
    assertThat(spark.table("made").count()).isEqualTo(20);
    counter.reset();
  }

  /** Of the only statement that has a journal. */
  private static Path lock(Path journals) throws IOException {
    try (Stream<Path> all = Files.walk(journals)) {
      Path journal =
          all.filter(path -> path.getNameCount() == journals.getNameCount() + 2)
              .filter(path -> !path.toString().endsWith(".lock"))
              .findFirst()
              .orElseThrow();
      return journal.resolveSibling(journal.getFileName() + ".lock");
    }
  }

  @Test
  void aKeyNeedsADirectory() {
    spark.conf().unset(DIRECTORY);
    assertThatThrownBy(() -> spark.sql("CREATE TABLE made AS SELECT ai_gen(text) u FROM t"))
        .hasStackTraceContaining(
            KEY + " is set, and " + DIRECTORY + " is not, where a query's journal is kept;");
  }

  @Test
  void microBatchesContinueWhereTheyFailed() throws Exception {
    BROKEN.set(10);
    assertThatThrownBy(this::stream).hasStackTraceContaining("the disk is full");
    BROKEN.set(0);
    counter.reset();
    stream();
    assertThat(kept()).isPositive();
    assertThat(spark.read().parquet(journals.resolve("batches").toString()).count()).isEqualTo(10);
    counter.reset();
    assertThat(directories()).doesNotContain("run.json");
  }

  private void stream() throws Exception {
    VoidFunction2<Dataset<Row>, Long> append =
        (batch, number) ->
            batch.write().mode("append").parquet(journals.resolve("batches").toString());
    spark
        .readStream()
        .schema(spark.table("t").schema())
        .parquet(folder.resolve("t.parquet").toString())
        .selectExpr("id", "written(id, ai_gen(text)) AS u")
        .writeStream()
        .option("checkpointLocation", journals.resolve("checkpoint").toString())
        .foreachBatch(append)
        .trigger(Trigger.AvailableNow())
        .start()
        .awaitTermination();
  }

  private static List<String> rows(String query) {
    return spark.sql(query).collectAsList().stream().map(Row::toString).sorted().toList();
  }

  /** What is in the journals' directory, as one text; a task that ends may still remove files. */
  private String directories() {
    List<String> names = new ArrayList<>();
    addNames(journals.toFile(), names);
    return String.join(" ", names.stream().sorted().toList());
  }

  private void addNames(File directory, List<String> names) {
    for (File file : Objects.requireNonNullElse(directory.listFiles(), new File[0])) {
      String name = journals.relativize(file.toPath()).toString();
      if (name.startsWith("run-")) {
        names.add(name);
        addNames(file, names);
      }
    }
  }
}
