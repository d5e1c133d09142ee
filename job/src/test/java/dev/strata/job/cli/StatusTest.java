package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.udfs.lock.LockHolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person reads of an output, as runs leave it that end in all ways. Starts no Spark. */
class StatusTest {

  private static final String RECORD =
      """
      {"status": "done", "command": "translate", "started": "%s", "seconds": 600.0,
       "input": "/in", "output": "/out",
       "options": {"spark.strata.model": "/models/m", "spark.strata.input": "/in"},
       "rows": {"done": 300, "errors": 2, "kept": 10}, "continued": {"rowsKept": 3, "rowsResumed": 4},
       "errors": [{"rows": 2, "error": "column 'text' is null", "same": true}]}
      """;

  @TempDir Path directory;

  private Map<String, Long> before;

  /** Nothing is made, changed or taken away by looking. */
  @AfterEach
  void nothingHasChanged() throws IOException {
    assertThat(files()).isEqualTo(before);
  }

  private Map<String, Long> files() throws IOException {
    Map<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.toList()) {
        files.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return files;
  }

  private List<String> status(int code, String... more) throws IOException {
    before = files();
    List<String> words = new ArrayList<>(List.of("status", out().toString()));
    words.addAll(List.of(more));
    CommandResult result = SubmittedCommand.run(words);
    assertThat(result.exitCode()).as("%s", result.err()).isEqualTo(code);
    assertThat(result.announced()).isEmpty();
    return Stream.concat(result.out().stream(), result.err().stream()).toList();
  }

  private Path out() {
    return directory.resolve("out");
  }

  private void write(String file, String text) throws IOException {
    Path path = directory.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void lock(long process) throws IOException {
    LockHolder me = LockHolder.ofThisProcess("app-7");
    LockHolder holder =
        new LockHolder(
            "t", "ann", me.host(), me.processes(), process, me.started(), "app-7", Instant.now());
    Files.write(directory.resolve(".out.strata-lock"), holder.toBytes());
  }

  private static String record(String started) {
    return RECORD.formatted(started).replace("\n", "");
  }

  @Test
  void nothing() throws IOException {
    assertThat(status(4))
        .containsExactly("strata: " + out() + ": nothing is there, and no run has begun it");
    assertThat(String.join("", status(4, "--json"))).contains("\"state\" : \"absent\"");
  }

  @Test
  void noOutputNamed() throws IOException {
    before = files();
    CommandResult result = SubmittedCommand.run(List.of("status"));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .containsExactly("strata: which output? Name it, as in: strata status /data/out");
  }

  @Test
  void aFile() throws IOException {
    write("out", "rows");
    assertThat(status(4))
        .containsExactly(
            "strata: what "
                + out()
                + " is cannot be told: it is a file, and outputs are directories");
  }

  @Test
  void aCompleteOutput() throws IOException {
    write("out/part-0.json", "{}");
    write("out/_strata_run", record("2026-11-27T01:00:00Z"));
    List<String> lines = status(0);
    assertThat(lines.get(0)).isEqualTo(out() + ": complete");
    assertThat(lines)
        .anyMatch(
            line -> line.matches("  written by +strata translate, started 2026-11-27T01:00:00Z .*"))
        .anyMatch(line -> line.matches("  finished +2026-11-27T01:10:00Z .* after 10:00"))
        .anyMatch(
            line ->
                line.matches(
                    "  rows +310, 2 with errors, 10 taken over from an earlier run, 7 continued"
                        + " after an interruption"))
        .anyMatch(line -> line.matches("  errors +2: column 'text' is null"))
        .anyMatch(line -> line.endsWith(" strata retry-failed " + out()));
    assertThat(String.join("", status(0, "--json")))
        .contains("\"state\" : \"complete\"")
        .contains("\"retry\" : \"strata retry-failed ");
  }

  /** Of the runs that added to it, each counts. */
  @Test
  void anOutputThatWasAddedTo() throws IOException {
    write("out/part-0.json", "{}");
    write("out/_strata_run-20261126T010000Z", record("2026-11-26T01:00:00Z"));
    write(
        "out/_strata_run",
        record("2026-11-27T01:00:00Z").replaceFirst("\"errors\": \\[.*]", "\"errors\": []"));
    assertThat(status(0))
        .anyMatch(line -> line.matches("  added to +strata translate, started 2026-11-26.*"))
        .anyMatch(line -> line.endsWith(" strata retry-failed " + out()));
  }

  @Test
  void recordsThatAreDamagedOrNotThere() throws IOException {
    write("out/part-0.json", "{}");
    assertThat(status(0)).anyMatch(line -> line.startsWith("  record             none: "));
    for (String damaged :
        List.of(
            "{\"command\"",
            "[]",
            "{\"command\": \"x\", \"options\": {}}",
            "",
            record("2026-11-27T01:00:00Z").replace("600.0", "1e300"))) {
      write("out/_strata_run", damaged);
      assertThat(status(0))
          .as(damaged)
          .contains(
              "  record             _strata_run is damaged; what run it tells of is not known");
    }
  }

  @Test
  void aRunAtWork() throws IOException {
    lock(ProcessHandle.current().pid());
    write("out/_temporary/0/part-0", "");
    List<String> lines = status(0);
    assertThat(lines.get(0)).isEqualTo(out() + ": a run is at work on it");
    assertThat(lines.get(1)).matches("  held by +ann on .*application app-7.*, last heard of .*");
    assertThat(lines).anyMatch(line -> line.contains("rows that are not yet part of the output"));
  }

  @Test
  void aRunThatWasKilled() throws IOException {
    lock(Integer.MAX_VALUE);
    write("out/_temporary/0/part-0", "");
    List<String> lines = status(0);
    assertThat(lines.get(0)).isEqualTo(out() + ": not complete: a run was ended before its end");
    assertThat(lines.get(1)).matches("  held by +nobody any more: ann on .* next run takes over");
  }

  @Test
  void aRunThatWasKilledWhenItsFilesWereMoved() throws IOException {
    write("out/_temporary/0/part-1", "");
    write("out/part-0", "");
    Files.createDirectory(directory.resolve(".out.first-write"));
    assertThat(status(0).get(0)).startsWith(out() + ": not complete");
  }

  /** The output is what the next run on it makes of what there is. */
  @Test
  void aReplacementThatWasKilled() throws IOException {
    write("out/part-0", "");
    write(".out.new-1a2b3c4d/_strata_run", record("2026-11-27T01:00:00Z"));
    Files.createDirectory(directory.resolve(".out.whole-1a2b3c4d"));
    write(".out.new-7/part-0", "");
    List<String> lines = status(0);
    assertThat(lines.get(0)).isEqualTo(out() + ": complete");
    assertThat(lines)
        .anyMatch(line -> line.contains("started 2026-11-27T01:00:00Z"))
        .anyMatch(line -> line.contains(".out.new-1a2b3c4d: a new output that is complete; the"))
        .anyMatch(line -> line.contains(".out.new-7: rows of a new output; the next run clears"));
  }

  /** As where a rename is a copy of one file after the other. */
  @Test
  void anOutputThatWasBeingMoved() throws IOException {
    write("out/_strata_run", record("2026-11-27T01:00:00Z"));
    write(".out.new-1a2b3c4d/part-0", "");
    Files.createDirectory(directory.resolve(".out.whole-1a2b3c4d"));
    Files.createDirectory(directory.resolve(".out.moving-1a2b3c4d"));
    assertThat(status(0)).anyMatch(line -> line.contains("started 2026-11-27T01:00:00Z"));
  }

  /** A journal that an older version left says less. */
  @Test
  void aJournalAlone() throws IOException {
    write(".out.strata-journal/run.json", "{\"--temperature\": \"0.7\", \"--seed\": \"0\"}");
    write(".out.strata-journal/00000-10000_1f0c9a3b77d0e1c2_0-0_5_5be1c07a.arrow", "short");
    write(".out.strata-journal/1f0c9a3b_fault_134.death", "");
    write(".out.strata-journal/stranger", "");
    assertThat(status(0))
        .contains(out() + ": not complete: a run was ended before its end")
        .anyMatch(line -> line.matches("  of +a run with --temperature 0.7.*"))
        .anyMatch(line -> line.matches("  damaged +1 segments; their rows are computed again"))
        .anyMatch(line -> line.matches("  executors lost +1 died, 0 were taken away"))
        .anyMatch(line -> line.matches("  to continue +give the same command again"));
  }

  /** As where a run is killed after its output was complete, before its journal was removed. */
  @Test
  void theJournalOfACompleteOutput() throws IOException {
    write("out/_strata_run", record("2026-11-27T01:00:00Z"));
    write(".out.strata-journal/run.json", "{}");
    write(".out.strata-journal/_strata_run", record("2026-11-27T01:00:00Z"));
    assertThat(status(0))
        .contains(out() + ": complete")
        .anyMatch(line -> line.contains("is of the run that is complete, and of no use any more"));
  }

  @Test
  void aLaterRunThatWasEndedEarly() throws IOException {
    write("out/_strata_run", record("2026-11-27T01:00:00Z"));
    write(".out.strata-journal/run.json", "{}");
    String later =
        record("2026-11-28T01:00:00Z")
            .replace("\"/in\"}", "\"/in it's\", \"spark.strata.incremental\": \"changed\"}");
    write(".out.strata-journal/_strata_run", later);
    assertThat(status(0))
        .contains(out() + ": complete; a later run was ended early")
        .contains(
            "  to continue        strata translate --model /models/m --input '/in it'\\''s'"
                + " --incremental=changed");
  }
}
