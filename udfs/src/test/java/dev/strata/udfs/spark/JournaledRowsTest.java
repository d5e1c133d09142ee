package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.DeathNote;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A partition of rows of which some end any process that asks them, and an engine that takes all
 * that it is given at once.
 */
class JournaledRowsTest {

  private static final Ask ASK =
      new Ask.Generate(SamplingOptions.greedy(3), 1, StopCondition.tokens(Set.of()), null);

  private final Configuration hadoop = new Configuration(false);
  private final Map<Integer, String> errors = new TreeMap<>();
  private final Set<Integer> done = new TreeSet<>();
  private final List<Set<Integer>> groups = new ArrayList<>();
  private int deaths;
  private int mostPutOff;

  @TempDir Path directory;

  private static RowKey key(int row) {
    return RowKey.of(new Sha256().add(row));
  }

  /** One process and what it asks. */
  private final class OneProcess implements JournaledRows.Asker, AutoCloseable {

    private final String jvm = Attempt.jvm("app-1", "executor " + deaths);
    private final Journal journal;
    private final TaskJournal kept;
    private final JournaledRows rows;
    private final Set<Integer> inEngine = new TreeSet<>();

    OneProcess() throws IOException {
      journal =
          Journal.open(
              hadoop,
              directory.toString(),
              Attempt.of(Buckets.ALL, jvm, deaths > 0),
              Duration.ofHours(1));
      kept = new TaskJournal(journal);
      rows = new JournaledRows(kept, this, new EngineGate(), 1);
    }

    /** Whether all rows have come to an end. */
    boolean run(int count, Set<Integer> poison) throws IOException {
      for (int row = 0; row < count; row++) {
        rows.ask(row, ASK, key(row));
      }
      mostPutOff = Math.max(mostPutOff, rows.putOff());
      while (rows.askRest()) {
        groups.add(Set.copyOf(inEngine));
        if (inEngine.stream().anyMatch(poison::contains)) {
          die();
          return false;
        }
        inEngine.forEach(row -> kept.ended(result(row)));
        done.addAll(inEngine);
        inEngine.clear();
      }
      rows.close();
      return true;
    }

    private void die() throws IOException {
      journal.endWithRowsInFlight();
      new DeathNote(jvm, true, 134).write(hadoop, directory.toString(), "");
      deaths++;
    }

    @Override
    public void submit(int key, Ask ask) {
      assertThat(inEngine.add(key)).isTrue();
    }

    @Override
    public void answered(RowResult result) {
      if (result.error() != null) {
        errors.put((int) result.key(), result.error());
      } else {
        done.add((int) result.key());
      }
    }

    @Override
    public void counted(RowCounts more) {}

    @Override
    public void close() {
      journal.close();
    }
  }

  private static RowResult result(int row) {
    return new RowResult(row, new int[] {row}, new float[0], FinishReason.STOP, null);
  }

  private void run(int count, Set<Integer> poison) throws IOException {
    boolean isOver = false;
    while (!isOver) {
      assertThat(deaths).isLessThan(64);
      OneProcess process = new OneProcess();
      isOver = process.run(count, poison);
      if (isOver) {
        process.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 0, 3", "2, 1, 1, 3", "6, 4, 4, 4", "6, 0, 5, 6", "250, 100, 101, 18"})
  void rowsThatEndTheProcessEndAsTheirError(int count, int one, int other, int mostDeaths)
      throws IOException {
    Set<Integer> poison = new TreeSet<>(List.of(one, other));
    run(count, poison);
    assertThat(errors.keySet()).isEqualTo(poison);
    assertThat(errors.values())
        .allMatch(
            error ->
                error.matches(
                    "the JVM of the executor died \\d+ times while this row was in it, the last"
                        + " time with this row alone \\(exit code 134: SIGABRT\\); it is not asked"
                        + " again"));
    assertThat(done).hasSize(count - poison.size()).doesNotContainAnyElementsOf(poison);
    assertThat(deaths).isBetween(3, mostDeaths);
  }

  @Test
  void aRowThatWasProvenIsNotAskedAgain() throws IOException {
    run(6, Set.of(3));
    groups.clear();
    String error = errors.remove(3);
    run(6, Set.of());
    assertThat(groups).isEmpty();
    assertThat(errors).containsExactly(Map.entry(3, error));
    try (OneProcess next = new OneProcess()) {
      assertThat(next.kept.find(key(3)).error()).as("in the journal").isEqualTo(error);
    }
  }

  @Test
  void oneDeathSetsNobodyApart() throws IOException {
    try (OneProcess first = new OneProcess()) {
      assertThat(first.run(6, Set.of(3))).isFalse();
    }
    run(6, Set.of());
    assertThat(groups).hasSize(2).allMatch(group -> group.size() == 6);
  }

  @Test
  void suspectsComeLastAndByThemselves() throws IOException {
    for (int i = 0; i < 2; i++) {
      assertThat(new OneProcess().run(4, Set.of(3))).isFalse();
    }
    groups.clear();
    assertThat(mostPutOff).isZero();
    run(8, Set.of());
    assertThat(mostPutOff).isEqualTo(4);
    assertThat(groups).hasSize(3 + 2); // each group leaves the engine to the next
    assertThat(groups.get(0)).containsExactlyInAnyOrder(4, 5, 6, 7);
    assertThat(groups.stream().filter(group -> group.size() == 2)).hasSize(2);
  }
}
