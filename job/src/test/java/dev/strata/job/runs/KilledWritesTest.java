package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import dev.strata.udfs.api.StrataException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands that write beside what is there, killed by SIGKILL: the same again has all rows, each
 * once, and leaves nothing else.
 */
@EnabledIfSystemProperty(named = "strata.long", matches = "true")
class KilledWritesTest {

  private static final int ROWS = 8;
  private static final int LOCKED = StrataException.Fault.LOCKED.exitCode();

  /** Neither many tasks nor compiled queries are worth it. */
  private static final Map<String, String> FEW_ROWS =
      Map.of("spark.sql.shuffle.partitions", "1", "spark.sql.codegen.wholeStage", "false");

  private static final String MADE = "CREATE TABLE made USING json LOCATION '%1$s' AS SELECT %2$s";
  private static final String ADDED =
      "CREATE TABLE made (id STRING, completion STRING) USING json LOCATION '%1$s';"
          + " INSERT INTO made SELECT %2$s";

  @TempDir Path directory;
  @TempDir Path work;

  /** A local disk that stands still once a file has been moved to those of the output. */
  public static final class SlowMoves extends LocalFileSystem {
    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      boolean isDone = super.rename(from, to);
      boolean isWhole = from.toString().matches(".*/(\\.out\\.add-|_temporary/0/task_).*");
      if (isWhole && to.getParent().getName().equals("out")) {
        LockSupport.parkNanos(Duration.ofMinutes(1).toNanos());
      }
      return isDone;
    }
  }

  @Test
  void anAppendThatWasMovingItsFilesIsFinished() throws Exception {
    List<String> append = append(out().toString());
    append.addAll(List.of("--partitions", "2"));
    input(2);
    assertDone(SubmittedCommand.run(FEW_ROWS, append));
    long before = files(out());
    input(ROWS);
    Map<String, String> slow = new HashMap<>(FEW_ROWS);
    slow.put("spark.hadoop.fs.file.impl", SlowMoves.class.getName());
    String what = "the output " + out() + " is being written";
    OtherProcess.kill(
        work, slow, append, () -> files(out()) > before && isRefused(FEW_ROWS, append, what));
    assertThat(directory.toFile().list()).as("files are left").hasSizeGreaterThan(2);
    CommandResult again = SubmittedCommand.run(FEW_ROWS, append);
    assertDone(again);
    assertThat(again.out().get(0)).startsWith("nothing to do: all 8 rows are there already");
    assertComplete();
  }

  @Test
  void anAppendWhoseRowsWereHalfDoneIsContinued() throws Exception {
    List<String> append = append(out().toString());
    input(2);
    assertDone(SubmittedCommand.run(FEW_ROWS, append));
    input(ROWS);
    OtherProcess.kill(work, FEW_ROWS, append, () -> segments(".out.strata-journal") >= 3);
    CommandResult again = SubmittedCommand.run(FEW_ROWS, append);
    assertDone(again);
    assertThat(again.out()).anyMatch(line -> line.startsWith("  continued "));
    assertComplete();
  }

  @Test
  void aRetryIsContinued() throws Exception {
    input(ROWS);
    assertDone(SubmittedCommand.run(FEW_ROWS, append(out().toString())));
    for (File file : out().toFile().listFiles((folder, name) -> name.endsWith(".json"))) {
      List<String> lines = Files.readAllLines(file.toPath());
      Files.write(file.toPath(), lines.stream().map(KilledWritesTest::failed).toList());
      Files.deleteIfExists(out().resolve("." + file.getName() + ".crc"));
    }
    List<String> retry = List.of("retry-failed", out().toString(), "--host-memory", "256m");
    OtherProcess.kill(work, FEW_ROWS, retry, () -> segments(".out.strata-journal") >= 3);
    assertThat(Rows.read(out())).as("what was there").hasSize(ROWS);
    CommandResult again = SubmittedCommand.run(FEW_ROWS, retry);
    assertDone(again);
    assertThat(again.out()).anyMatch(line -> line.startsWith("  continued "));
    assertComplete();
  }

  /** What is in the table was written by one statement. */
  @ParameterizedTest
  @ValueSource(strings = {MADE, ADDED})
  void aStatementWithARunKeyIsContinued(String statement) throws Exception {
    assertContinued(statement, Map.of(), this::hasSegments);
  }

  /** One of two files is in its place, and somebody runs it once more. */
  @ParameterizedTest
  @ValueSource(strings = {MADE, ADDED})
  void aStatementThatWasMovingItsFilesAddsEachRowOnce(String statement) throws Exception {
    Map<String, String> slow =
        Map.of(
            "spark.hadoop.fs.file.impl",
            SlowMoves.class.getName(),
            "spark.sql.shuffle.partitions",
            "2");
    String what = "the same statement is run under spark.strata.sql.run.key=night";
    assertContinued(
        statement, slow, () -> files(out()) == 1 && isRefused(underAKey(), sql(statement), what));
  }

  private List<String> sql(String statement) {
    String asked = "id, ai_translate(text, 'fr') AS completion FROM json.`%s`";
    String text = statement.formatted(out(), asked.formatted(directory.resolve("rows.json")));
    return List.of("sql", "--model", Demo.MODEL.toString(), "--host-memory", "256m", "-e", text);
  }

  private Map<String, String> underAKey() {
    return Map.of(
        "spark.strata.sql.run.key",
        "night",
        "spark.strata.journal.dir",
        work.resolve("journals").toString(),
        "spark.strata.journal.interval",
        "10ms",
        "spark.sql.warehouse.dir",
        work.resolve("tables").toString());
  }

  /** Whether it is refused while another application does it. */
  private static boolean isRefused(Map<String, String> settings, List<String> words, String what) {
    CommandResult second = SubmittedCommand.run(settings, words);
    assertThat(second.exitCode()).as("%s", second.err()).isEqualTo(LOCKED);
    assertThat(second.err())
        .filteredOn(line -> line.startsWith("strata: "))
        .singleElement()
        .asString()
        .matches(".*%s by .* \\(process \\d+, application .*, last heard of .*".formatted(what));
    return true;
  }

  private void assertContinued(
      String statement, Map<String, String> more, Callable<Boolean> killedWhen) throws Exception {
    input(ROWS);
    Map<String, String> first = new HashMap<>(underAKey());
    first.putAll(more);
    OtherProcess.kill(work, first, sql(statement), killedWhen);
    assertDone(SubmittedCommand.run(underAKey(), sql(statement)));
    Map<String, String> rows = new TreeMap<>();
    Rows.all(out()).forEach(row -> rows.put(Rows.text(row, "id"), Rows.text(row, "completion")));
    Map<String, JsonObject> references = References.read("translations");
    assertThat(Rows.all(out())).hasSize(ROWS);
    assertThat(rows)
        .hasSize(ROWS)
        .allSatisfy(
            (id, completion) ->
                assertThat(completion).isEqualTo(Rows.text(references.get(id), "completion")));
    assertThat(out().toFile().list()).doesNotContain("_temporary");
    assertThat(hasSegments()).isFalse();
  }

  private boolean hasSegments() throws IOException {
    Path journals = work.resolve("journals");
    if (!Files.exists(journals)) {
      return false;
    }
    try (Stream<Path> all = Files.walk(journals)) {
      return all.anyMatch(file -> file.toString().endsWith(".arrow"));
    } catch (UncheckedIOException e) {
      return false; // one was merged meanwhile
    }
  }

  private static String failed(String line) {
    JsonObject row = com.google.gson.JsonParser.parseString(line).getAsJsonObject();
    row.add("completion", null);
    row.addProperty("error", "it failed");
    return row.toString();
  }

  private Path out() {
    return directory.resolve("out");
  }

  private List<String> append(String output) {
    List<String> words = new ArrayList<>(List.of("translate", "--to-language", "French"));
    words.addAll(List.of("--model", Demo.MODEL.toString(), "--host-memory", "256m"));
    words.addAll(List.of("--input", directory.resolve("rows.json").toString()));
    words.addAll(List.of("--output", output, "--output-format", "json", "--mode", "append"));
    words.addAll(List.of("--id-column", "id", "--journal-interval", "10ms"));
    return words;
  }

  private void input(int rows) throws IOException {
    Files.write(
        directory.resolve("rows.json"),
        References.sentences(rows).stream().map(JsonObject::toString).toList());
  }

  private static void assertDone(CommandResult result) {
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
  }

  /** Each row is there once and right, and nothing else is. */
  private void assertComplete() throws IOException {
    Map<String, JsonObject> references = References.read("translations");
    List<JsonObject> rows = Rows.all(out());
    assertThat(rows).hasSize(ROWS);
    assertThat(Rows.read(out())).hasSize(ROWS);
    rows.forEach(row -> References.assertEqual(row, references.get(Rows.text(row, "id"))));
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("out", "rows.json");
    assertThat(out().toFile().list()).doesNotContain("_temporary");
  }

  private static long files(Path folder) {
    return names(folder).filter(name -> name.endsWith(".json")).count();
  }

  private long segments(String journal) {
    return names(directory.resolve(journal)).filter(name -> name.endsWith(".arrow")).count();
  }

  private static Stream<String> names(Path folder) {
    return Arrays.stream(Objects.requireNonNullElse(folder.toFile().list(), new String[0]));
  }
}
