package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.journal.JournalContents.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody finds in a journal who changes nothing. */
class JournalContentsTest {

  private static final RowKey A = JournalTest.key("a");
  private static final RowKey B = JournalTest.key("b");
  private static final RowKey C = JournalTest.key("c");

  private final Configuration hadoop = new Configuration(false);

  @TempDir Path directory;

  private JournalContents read() throws IOException {
    Map<String, Long> before = files();
    JournalContents contents = JournalContents.read(hadoop, directory.toString()).orElseThrow();
    assertThat(files()).as("nothing has changed").isEqualTo(before);
    return contents;
  }

  private Map<String, Long> files() throws IOException {
    Map<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : all.toList()) {
        files.put(file.toString(), Files.size(file));
      }
    }
    return files;
  }

  private Attempt attempt(Buckets buckets, String executor) {
    return Attempt.of(buckets, Attempt.jvm("app-1", executor), true);
  }

  private void write(Attempt attempt, RowEntry... entries) throws IOException {
    new SegmentWriter(JournalDirectory.at(hadoop, directory.toString()), attempt)
        .write(List.of(entries));
  }

  private static RowEntry ended(RowKey key, int tokens, String error) {
    FinishReason reason = error == null ? FinishReason.STOP : FinishReason.ERROR;
    return new RowEntry(key, 0, new int[tokens], reason, error, new float[0]);
  }

  @Test
  void noJournal() throws IOException {
    assertThat(JournalContents.read(hadoop, directory.toString())).isEmpty();
    assertThat(JournalContents.read(hadoop, directory + "/absent")).isEmpty();
  }

  /** Of two attempts that had a row the one counts that got furthest, as where it is continued. */
  @Test
  void rowsOfAllTasksAndAttempts() throws IOException {
    RowEntry begun = RowEntry.generated(A, 0, new int[] {1, 2});
    Attempt first = attempt(Buckets.of(0, 2), "1");
    SegmentWriter writer =
        new SegmentWriter(JournalDirectory.at(hadoop, directory.toString()), first);
    writer.write(List.of(begun, ended(B, 3, null)));
    writer.write(List.of(RowEntry.generated(A, 2, new int[] {3, 4, 5})));
    write(attempt(Buckets.ALL, "2"), begun, RowEntry.generated(B, 0, new int[9]));
    write(attempt(Buckets.of(1, 2), "3"), ended(C, 0, "no"), RowEntry.generated(B, 4, new int[1]));
    JournalContents contents = read();
    assertThat(contents.rows(false)).containsExactly(new Progress(5, false, null));
    assertThat(contents.rows(true))
        .containsExactlyInAnyOrder(new Progress(3, true, null), new Progress(0, true, "no"));
    assertThat(contents.errors()).containsExactly("no");
    assertThat(contents.damaged()).isZero();
    assertThat(contents.run()).isEmpty();
  }

  @Test
  void damagedSegmentsAreCounted() throws IOException {
    write(attempt(Buckets.ALL, "1"), ended(A, 1, null));
    write(attempt(Buckets.ALL, "2"), ended(B, 1, null));
    Path one = Path.of(files().keySet().iterator().next());
    byte[] bytes = Files.readAllBytes(one);
    Files.write(one, Arrays.copyOf(bytes, bytes.length - 1));
    byte[] noArrow = {1, 2, 3};
    SegmentName name = SegmentName.of(Buckets.ALL, "0123456789abcdef", 0, 0, noArrow);
    Files.write(directory.resolve(name.toString()), noArrow);
    JournalContents contents = read();
    assertThat(contents.rows(true)).hasSize(1);
    assertThat(contents.damaged()).isEqualTo(2);
  }

  @Test
  void rowsInFlightAndDeaths() throws IOException {
    vanish("1", A, B);
    vanish("2", A);
    vanish("3", A, B, C);
    vanish("4", C);
    die("1", true);
    die("2", true);
    die("3", false);
    JournalContents contents = read();
    assertThat(contents.inFlight()).as("of executor 4, of whose end nobody has told").isOne();
    assertThat(contents.deaths()).hasSize(3);
    assertThat(contents.suspicions())
        .containsExactlyInAnyOrder(new Suspicion(2, 1, 134), new Suspicion(1, 2, 134));
  }

  private void vanish(String executor, RowKey... rows) throws IOException {
    new InFlightRows(
            JournalDirectory.at(hadoop, directory.toString()), attempt(Buckets.ALL, executor))
        .set(Arrays.asList(rows));
  }

  private void die(String executor, boolean isFault) throws IOException {
    new DeathNote(Attempt.jvm("app-1", executor), isFault, 134)
        .write(hadoop, directory.toString(), "executor " + executor);
  }

  /** As a task has it open that is at work. */
  @Test
  void aJournalThatIsBeingWritten() throws IOException {
    try (Journal journal =
        Journal.open(
            hadoop, directory.toString(), attempt(Buckets.ALL, "1"), Duration.ofHours(1))) {
      journal.inFlight(List.of(A, B));
      assertThat(read().inFlight()).isEqualTo(2);
    }
  }
}
