package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the journal knows of rows that were in processes which died. */
class DeathsTest {

  private static final RowKey A = JournalTest.key("a");
  private static final RowKey B = JournalTest.key("b");
  private static final RowKey C = JournalTest.key("c");

  private final Configuration hadoop = new Configuration(false);

  @TempDir Path directory;

  private Journal open(Buckets buckets, String executor, boolean isRetry) throws IOException {
    Attempt attempt = Attempt.of(buckets, Attempt.jvm("app-1", executor), isRetry);
    return Journal.open(hadoop, directory.toString(), attempt, Duration.ofHours(1));
  }

  private Journal open() throws IOException {
    return open(Buckets.ALL, "next", false);
  }

  /** Rows are in an executor, of which nothing more is heard. */
  private void vanish(String executor, RowKey... rows) throws IOException {
    vanish(Buckets.ALL, executor, rows);
  }

  private void vanish(Buckets buckets, String executor, RowKey... rows) throws IOException {
    Journal journal = open(buckets, executor, true);
    journal.inFlight(Arrays.asList(rows));
    journal.endWithRowsInFlight();
  }

  private void note(String executor, boolean isFault, int code) throws IOException {
    new DeathNote(Attempt.jvm("app-1", executor), isFault, code)
        .write(hadoop, directory.toString(), "executor " + executor);
  }

  private void die(String executor, int code, RowKey... rows) throws IOException {
    note(executor, true, code);
    vanish(executor, rows);
  }

  private List<String> inFlight() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).filter(name -> name.endsWith(".inflight")).toList();
    }
  }

  @Test
  void rowsOfADeadProcessAreKnown() throws IOException {
    die("1", 134, A, B, C);
    die("2", 139, A, B);
    try (Journal next = open()) {
      assertThat(next.suspicion(A)).isEqualTo(new Suspicion(2, 2, 139));
      assertThat(next.suspicion(C)).isEqualTo(new Suspicion(1, 3, 134));
      assertThat(next.suspicion(A).isSuspect()).isTrue();
      assertThat(next.suspicion(A).mostTogether()).isOne();
      assertThat(next.suspicion(C).isSuspect()).isFalse();
      assertThat(next.suspicion(JournalTest.key("d"))).isEqualTo(Suspicion.NONE);
    }
    die("3", 134, A);
    try (Journal next = open()) {
      assertThat(next.suspicion(A)).isEqualTo(new Suspicion(3, 1, 134));
      assertThat(next.suspicion(A).isProven()).isTrue();
      assertThat(next.suspicion(B).isProven()).isFalse();
    }
  }

  @Test
  void twoDeathsOfALoneRowAreNoProof() {
    assertThat(new Suspicion(2, 1, 134).isProven()).isFalse();
    assertThat(new Suspicion(5, 2, 134).isProven()).isFalse();
  }

  @Test
  void nothingSpeaksAgainstRowsOfAProcessThatWasTakenAway() throws IOException {
    note("1", false, 137);
    vanish("1", A);
    try (Journal next = open(Buckets.ALL, "next", true)) {
      assertThat(next.suspicion(A)).isEqualTo(Suspicion.NONE);
    }
    vanish("2", A); // a driver that was killed tells of nobody's death
    try (Journal next = open()) {
      assertThat(next.suspicion(A)).isEqualTo(Suspicion.NONE);
      assertThat(inFlight()).as("nobody needs them").isEmpty();
    }
  }

  @Test
  void whoEndsAliveLeavesNothing() throws IOException {
    try (Journal journal = open(Buckets.ALL, "1", false)) {
      journal.inFlight(List.of(A));
      journal.inFlight(List.of(A, B));
      assertThat(inFlight()).hasSize(1);
      journal.inFlight(List.of());
      assertThat(inFlight()).isEmpty();
      journal.inFlight(List.of(B));
    }
    note("1", true, 134);
    try (Journal next = open()) {
      assertThat(next.suspicion(B)).isEqualTo(Suspicion.NONE);
    }
  }

  @Test
  void rowsThatADeathLeftUnwrittenHideNotThoseBefore() throws IOException {
    Attempt attempt = Attempt.of(Buckets.ALL, Attempt.jvm("app-1", "1"), false);
    die("1", 134);
    InFlightRows rows =
        new InFlightRows(JournalDirectory.at(hadoop, directory.toString()), attempt);
    rows.set(List.of(A, B));
    byte[] both = Files.readAllBytes(Path.of(inFlight().get(0)));
    InFlightName next = InFlightName.of(attempt, 1, both);
    Files.write(directory.resolve(next.toString()), Arrays.copyOf(both, 20));
    try (Journal journal = open()) {
      assertThat(journal.suspicion(A)).isEqualTo(new Suspicion(1, 2, 134));
    }
    // Two that are whole: a process may also have died before it removed the older.
    byte[] one = C.bytes();
    Files.write(directory.resolve(InFlightName.of(attempt, 2, one).toString()), one);
    try (Journal journal = open()) {
      assertThat(journal.suspicion(A)).isEqualTo(Suspicion.NONE);
      assertThat(journal.suspicion(C)).isEqualTo(new Suspicion(1, 1, 134));
    }
  }

  @Test
  void aRowOfAnotherTaskIsCompany() throws IOException {
    note("1", true, 134);
    vanish(Buckets.of(0, 2), "1", A);
    vanish(Buckets.of(1, 2), "1", B, C);
    try (Journal next = open(Buckets.of(0, 2), "next", false)) {
      assertThat(next.suspicion(A).company()).isEqualTo(3);
      assertThat(next.suspicion(B)).as("a row of others").isEqualTo(Suspicion.NONE);
    }
    try (Journal next = open(Buckets.of(1, 3), "next", false)) {
      assertThat(next.suspicion(B).deaths()).as("with other partitions").isOne();
    }
  }

  @Test
  void aRetryWaitsForWordOfADeath() throws Exception {
    vanish("1", A);
    CompletableFuture<Void> told =
        CompletableFuture.runAsync(
            () -> {
              try {
                Thread.sleep(200);
                note("1", true, 134);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    try (Journal next = open(Buckets.ALL, "2", true)) {
      assertThat(next.suspicion(A).deaths()).isOne();
    }
    told.get();
  }

  @Test
  void namesOfFilesAreReadAsTheyAreWritten() {
    DeathNote unknown = new DeathNote("0123abcd", true, DeathNote.UNKNOWN);
    assertThat(DeathNote.parse(unknown.toString())).contains(unknown);
    assertThat(DeathNote.parse("0123abcd_fault_x.death")).isEmpty();
    assertThat(InFlightName.parse("00000-20000_0123abcd0123abcd_0_1_00000000.inflight"))
        .as("buckets that are none")
        .isEmpty();
  }
}
