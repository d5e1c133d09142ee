package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import dev.strata.job.dataset.Locks;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.lock.RunLock;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models, inputs, outputs and journals on S3, where a rename copies and deletes file by file. Not
 * of the default build:
 *
 * <pre>{@code
 * ./mvnw -Ps3 -pl udfs,job test -Dtest=S3Check -Dsurefire.failIfNoSpecifiedTests=false
 * }</pre>
 */
class S3Check {

  @TempDir static Path directory;

  private static S3Server server;
  private static FileSystem s3;

  private String folder;

  @BeforeAll
  static void start() throws Exception {
    server = S3Server.start(directory);
    Configuration conf = new Configuration();
    server
        .settings()
        .forEach((key, value) -> conf.set(key.substring("spark.hadoop.".length()), value));
    s3 = FileSystem.newInstance(path(S3Server.ROOT).toUri(), conf);
    s3.copyFromLocalFile(path(Demo.MODEL.toString()), path(S3Server.ROOT + "model"));
  }

  @AfterAll
  static void stop() throws Exception {
    s3.close();
    server.close();
  }

  private static org.apache.hadoop.fs.Path path(String location) {
    return new org.apache.hadoop.fs.Path(location);
  }

  @BeforeEach
  void name(TestInfo test) {
    folder = S3Server.ROOT + test.getTestMethod().orElseThrow().getName() + "/";
  }

  @Test
  void rowsAreTheReferences() throws Exception {
    write(References.sentences(60));
    String cache = directory.resolve("cache").toString();
    CommandResult run = translate("--model", S3Server.ROOT + "model", "--model-cache-dir", cache);
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    Map<String, JsonObject> rows = rows();
    assertThat(rows).hasSize(60);
    Map<String, JsonObject> references = References.read("translations");
    rows.forEach(
        (id, row) -> {
          if (References.isClear(references.get(id))) {
            References.assertEqual(row, references.get(id));
          }
        });
    assertThat(left()).containsExactly("in.json", "out");
  }

  /** The journal lies on S3 until the same command has ended. */
  @Test
  void aRunThatWasEndedIsContinued() throws Exception {
    List<JsonObject> input = new ArrayList<>(References.sentences(6));
    for (int i = 0; i < 3; i++) {
      input.add(row(String.valueOf(i), null));
    }
    write(input);
    CommandResult ended = translate("--max-error-rate", "0.1");
    assertThat(ended.exitCode()).as("%s", ended.err()).isEqualTo(4);
    assertThat(left()).containsExactly(".out.strata-journal", "in.json");
    CommandResult status = SubmittedCommand.run(server.settings(), List.of("status", out()));
    assertThat(status.out())
        .as("%s", status.err())
        .contains(out() + ": not complete: a run was ended before its end")
        .anyMatch(line -> line.matches("  rows finished +6, 0 of them with errors"))
        .anyMatch(line -> line.contains("to continue        strata translate --"));

    CommandResult run = translate();
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    assertThat(run.out()).anyMatch(line -> line.startsWith("  continued          6 rows kept"));
    assertThat(left()).containsExactly("in.json", "out");
    Map<String, JsonObject> rows = rows();
    assertThat(rows).hasSize(9);
    Map<String, JsonObject> references = References.read("translations");
    for (JsonObject sentence : References.sentences(6)) {
      String id = Rows.text(sentence, "id");
      if (References.isClear(references.get(id))) {
        References.assertEqual(rows.get(id), references.get(id));
      }
    }
  }

  @Test
  void incrementalRunsReplaceTheOutput() throws Exception {
    List<JsonObject> input = new ArrayList<>(List.of(row("1", "one"), row("2", "two")));
    write(input);
    String[] incremental = {"--incremental", "--id-column", "id", "--max-new-tokens", "4"};
    assertThat(translate(incremental).out().get(0)).startsWith("2 rows in ");
    JsonObject one = rows().get("1");
    input.set(1, row("2", "two!"));
    input.add(row("3", "three"));
    write(input);
    CommandResult changed = translate(incremental);
    assertThat(changed.exitCode()).as("%s", changed.err()).isZero();
    assertThat(changed.summary("rows kept")).isEqualTo(1);
    assertThat(texts()).containsExactly("one", "two!", "three");
    assertThat(rows()).containsEntry("1", one);
    assertThat(left()).containsExactly("in.json", "out");
    assertThat(translate(incremental).out())
        .containsExactly("nothing to do: all 3 rows are done, " + out() + " is unchanged");
  }

  /**
   * The driver is a process of its own, killed while it writes, and again while files are moved to
   * the output's place, some of which are then in each of two directories.
   */
  @Test
  void aDriverThatWasKilledTakesNoRowAlong() throws Exception {
    List<JsonObject> input = References.sentences(60);
    write(input.subList(0, 6));
    String[] incremental = {
      "--incremental", "--id-column", "id", "--partitions", "12", "--journal-interval", "50ms"
    };
    assertThat(translate(incremental).exitCode()).isZero();
    write(input);

    kill(start(incremental), () -> count(".out.strata-journal", ".arrow") > 1);
    assertThat(rows()).as("the output before").hasSize(6);
    kill(start(incremental), () -> !beside(".moving-").equals("none") && count("out", "part-") > 2);
    assertThat(left()).anyMatch(name -> name.startsWith(".out.moving-"));
    assertThat(rows().size()).as("those that were moved").isLessThan(60);

    CommandResult next = translate(incremental);
    assertThat(next.exitCode()).as("%s", next.err()).isZero();
    assertThat(next.out().get(0)).startsWith("nothing to do: all 60 rows are done, ");
    assertThat(left()).containsExactly("in.json", "out");
    Map<String, JsonObject> references = References.read("translations");
    assertThat(rows()).hasSize(60);
    rows()
        .forEach(
            (id, row) -> {
              if (References.isClear(references.get(id))) {
                References.assertEqual(row, references.get(id));
              }
            });
  }

  /** What a process is killed at. */
  private interface Moment {
    boolean isThere() throws IOException;
  }

  private static void kill(Process run, Moment moment) throws Exception {
    while (!moment.isThere()) {
      assertThat(run.isAlive()).as("it is killed before it ends").isTrue();
      TimeUnit.MILLISECONDS.sleep(5);
    }
    run.destroyForcibly().waitFor();
  }

  /** A process that moves and removes few files at a time, as others do with hundreds. */
  private Process start(String... more) throws IOException {
    Map<String, String> settings = new HashMap<>(server.settings());
    settings.put("spark.hadoop.fs.s3a.bulk.delete.page.size", "2");
    return SubmittedCommand.start(settings, words(more), directory.resolve("driver.log"));
  }

  private String beside(String kind) throws IOException {
    return left().stream().filter(name -> name.contains(kind)).findFirst().orElse("none");
  }

  /** How many files of a directory have a word in their names. */
  private long count(String name, String word) throws IOException {
    try {
      return Arrays.stream(s3.listStatus(path(folder + name)))
          .filter(file -> file.getPath().getName().contains(word))
          .count();
    } catch (FileNotFoundException e) {
      return 0;
    }
  }

  @Test
  void newIdsAreAppended() throws Exception {
    String[] append = {"--mode", "append", "--id-column", "id", "--max-new-tokens", "4"};
    write(List.of(row("1", "one")));
    assertThat(translate(append).out().get(0)).startsWith("1 rows in ");
    write(List.of(row("1", "changed"), row("2", "two")));
    CommandResult second = translate(append);
    assertThat(second.exitCode()).as("%s", second.err()).isZero();
    assertThat(second.summary("there already")).isEqualTo(1);
    assertThat(texts()).containsExactly("one", "two");
    assertThat(left()).containsExactly("in.json", "out");
    assertThat(translate(append).out())
        .contains("nothing to do: all 2 rows are there already, " + out() + " is unchanged");
    assertThat(texts()).containsExactly("one", "two");
  }

  @Test
  void overwritingReplacesAll() throws Exception {
    write(List.of(row("1", "one"), row("2", "two")));
    assertThat(translate("--max-new-tokens", "4").exitCode()).isZero();
    CommandResult refused = translate("--max-new-tokens", "4");
    assertThat(refused.exitCode()).as("%s", refused.out()).isEqualTo(4);
    write(List.of(row("3", "three")));
    CommandResult run = translate("--mode", "overwrite", "--max-new-tokens", "4");
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    assertThat(texts()).containsExactly("three");
    assertThat(left()).containsExactly("in.json", "out");
  }

  /** All find no lock, and all but one are told so as they write it. */
  @Test
  void oneOfSeveralGetsALock() throws Exception {
    ExecutorService runs = Executors.newFixedThreadPool(6);
    for (int round = 0; round < 5; round++) {
      String lock = folder + "lock-" + round;
      CyclicBarrier together = new CyclicBarrier(6);
      List<Future<Optional<RunLock>>> all = new ArrayList<>();
      for (int run = 0; run < 6; run++) {
        all.add(runs.submit(() -> acquire(together, lock)));
      }
      List<RunLock> held = new ArrayList<>();
      for (Future<Optional<RunLock>> one : all) {
        one.get().ifPresent(held::add);
      }
      assertThat(held).hasSize(1);
      held.get(0).check();
      held.get(0).close();
    }
    runs.shutdown();
  }

  private static Optional<RunLock> acquire(CyclicBarrier together, String lock) throws Exception {
    together.await();
    try {
      return Optional.of(Locks.acquire(s3.getConf(), path(lock), "it is held", "test"));
    } catch (StrataException e) {
      assertThat(e.fault()).isEqualTo(StrataException.Fault.LOCKED);
      return Optional.empty();
    }
  }

  private CommandResult translate(String... more) {
    return SubmittedCommand.run(server.settings(), words(more));
  }

  private List<String> words(String... more) {
    List<String> words = new ArrayList<>(List.of("translate", "--to-language", "French"));
    words.addAll(List.of("--input", folder + "in.json", "--output", out()));
    words.addAll(List.of("--output-format", "json", "--host-memory", "512m"));
    List<String> model = List.of("--model", Demo.MODEL.toString());
    words.addAll(Arrays.asList(more).contains("--model") ? List.of() : model);
    words.addAll(List.of(more));
    return words;
  }

  private String out() {
    return folder + "out";
  }

  private static JsonObject row(String id, String text) {
    JsonObject row = new JsonObject();
    row.addProperty("id", id);
    row.addProperty("text", text);
    return row;
  }

  private void write(List<JsonObject> rows) throws IOException {
    String lines = rows.stream().map(JsonObject::toString).collect(Collectors.joining("\n"));
    try (OutputStream file = s3.create(path(folder + "in.json"), true)) {
      file.write(lines.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What is in the folder. */
  private List<String> left() throws IOException {
    return Arrays.stream(s3.listStatus(path(folder)))
        .map(status -> status.getPath().getName())
        .sorted()
        .toList();
  }

  /** The output's rows by their ids. */
  private Map<String, JsonObject> rows() throws IOException {
    Map<String, JsonObject> rows = new TreeMap<>();
    for (FileStatus file : files()) {
      try (FSDataInputStream in = s3.open(file.getPath())) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        text.lines()
            .map(line -> JsonParser.parseString(line).getAsJsonObject())
            .forEach(row -> assertThat(rows.put(Rows.text(row, "id"), row)).isNull());
      }
    }
    return rows;
  }

  private List<FileStatus> files() throws IOException {
    try {
      return Stream.of(s3.listStatus(path(out())))
          .filter(file -> file.getPath().getName().startsWith("part-"))
          .toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  private List<String> texts() throws IOException {
    return rows().values().stream().map(row -> Rows.text(row, "text")).toList();
  }
}
