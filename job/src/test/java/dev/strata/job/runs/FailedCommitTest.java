package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose rows are all computed, and whose output cannot be put in its place. */
class FailedCommitTest {

  private static final int ROWS = 3;

  private static volatile boolean fails;

  /** How many files are moved before moving fails. */
  private static final AtomicInteger MOVES = new AtomicInteger();

  /**
   * The local disk, on which files do not get out of Spark's folder for those that are unfinished.
   */
  public static final class Failing extends LocalFileSystem {

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      if (fails && isUnfinished(from) && !isUnfinished(to) && MOVES.getAndDecrement() <= 0) {
        throw new IOException("No space left on device");
      }
      return super.rename(from, to);
    }

    private static boolean isUnfinished(org.apache.hadoop.fs.Path path) {
      return path.toString().contains("/_temporary/") || path.toString().contains(".out.new-");
    }
  }

  @TempDir Path directory;

  private CommandResult run(String... options) throws IOException {
    Path input = directory.resolve("in.json");
    Files.writeString(
        input,
        """
        {"id": 1, "text": "The car is very fast."}
        {"id": 2, "text": "I like music."}
        {"id": 3, "text": "We sing."}
        """);
    List<String> words =
        List.of(
            "translate",
            "--to-language",
            "French",
            "--model",
            Demo.MODEL.toString(),
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString(),
            "--output-format",
            "json",
            "--id-column",
            "id",
            "--max-new-tokens",
            "12",
            "--host-memory",
            "512m");
    return SubmittedCommand.run(
        Map.of(
            "spark.hadoop.fs.file.impl",
            Failing.class.getName(),
            "spark.hadoop.fs.file.impl.disable.cache",
            "true"),
        Stream.concat(words.stream(), Stream.of(options)).toList());
  }

  @Test
  void itsJournalStaysAndTheNextRunComputesNothing() throws IOException {
    fail("off");
    CommandResult next = run("--incremental", "off");
    assertThat(next.out())
        .anyMatch(
            line ->
                line.matches(
                    "  continued +%d rows kept, 0 resumed, %d tokens not computed again"
                        .formatted(ROWS, next.summary("new tokens"))));
    assertComplete(next);
  }

  /** Where no output was before, some of the files are in it already. */
  @Test
  void aPartOfTheFilesDoesNotPassForAll() throws IOException {
    MOVES.set(1);
    fail("off", "--partitions", "3");
    CommandResult next = run("--partitions", "3");
    assertThat(next.out()).anyMatch(line -> line.startsWith("  continued          3 rows kept"));
    assertComplete(next);
  }

  @Test
  void rowsThatAreWholeArePutInTheirPlaceByTheNextRun() throws IOException {
    CommandResult failed = fail("changed");
    assertThat(failed.out()).as("%s", failed.err()).isEmpty();
    CommandResult next = run("--incremental", "changed");
    assertThat(next.out()).anyMatch(line -> line.startsWith("nothing to do: all 3 rows are done,"));
    assertComplete(next);
  }

  private CommandResult fail(String incremental, String... options) throws IOException {
    fails = true;
    CommandResult failed;
    try {
      failed =
          run(
              Stream.concat(Stream.of("--incremental", incremental), Stream.of(options))
                  .toArray(String[]::new));
    } finally {
      fails = false;
    }
    assertThat(failed.exitCode()).as("%s", failed.err()).isEqualTo(4);
    assertThat(String.join("\n", failed.err())).contains("No space left on device");
    assertThat(directory.resolve("out")).as("no rows that pass for all").doesNotExist();
    assertThat(directory.resolve(".out.strata-journal").toFile().list())
        .anyMatch(name -> name.endsWith(".arrow"));
    return failed;
  }

  private void assertComplete(CommandResult next) throws IOException {
    assertThat(next.exitCode()).as("%s", next.err()).isZero();
    assertThat(Rows.read(directory.resolve("out"))).hasSize(ROWS);
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("in.json", "out");
  }
}
