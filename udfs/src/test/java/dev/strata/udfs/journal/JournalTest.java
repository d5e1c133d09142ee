package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one attempt wrote, another finds, whatever became of the files meanwhile. */
class JournalTest {

  private static final Duration NEVER_BY_ITSELF = Duration.ofHours(1);
  private static final RowKey A = key("a");
  private static final RowKey B = key("b");

  private final Configuration hadoop = new Configuration(false);

  @TempDir Path directory;

  static RowKey key(String name) {
    return RowKey.of(new Sha256().add(name));
  }

  static Attempt attempt(Buckets buckets) {
    return Attempt.of(buckets, Attempt.jvm("app-1", "1"), false);
  }

  private Journal open() throws IOException {
    return open(Buckets.ALL, NEVER_BY_ITSELF);
  }

  private Journal open(Buckets buckets, Duration interval) throws IOException {
    return Journal.open(hadoop, directory.toString(), attempt(buckets), interval);
  }

  private static RowEntry ended(RowKey key, int from, int... tokens) {
    return new RowEntry(key, from, tokens, FinishReason.STOP, null, new float[0]);
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  private void write(RowEntry... entries) throws IOException {
    try (Journal journal = open()) {
      Arrays.stream(entries).forEach(journal::add);
    }
  }

  @Test
  void whatOneAttemptWroteAnotherFinds() throws IOException {
    RowEntry read =
        new RowEntry(key("read"), 0, new int[0], FinishReason.STOP, null, new float[] {1, -2.5f});
    RowEntry failed =
        new RowEntry(
            key("failed"), 0, new int[0], FinishReason.ERROR, "it cannot be done: ü", new float[0]);
    write(RowEntry.generated(A, 0, new int[] {5, 6, 7}), ended(B, 0, 8), read, failed);
    try (Journal next = open()) {
      assertThat(next.earlierRows()).isEqualTo(4);
      assertThat(next.find(A)).isEqualTo(RowEntry.generated(A, 0, new int[] {5, 6, 7}));
      assertThat(next.find(B)).isEqualTo(ended(B, 0, 8));
      assertThat(next.find(read.key())).isEqualTo(read);
      assertThat(next.find(failed.key())).isEqualTo(failed);
      assertThat(next.find(key("c"))).isNull();
    }
  }

  @Test
  void tokensOfSeveralIntervalsAndAttemptsAreOneRow() throws Exception {
    try (Journal journal = open(Buckets.ALL, Duration.ofMillis(20))) {
      journal.add(RowEntry.generated(A, 0, new int[] {1, 2}));
      awaitSegments(1);
      journal.add(RowEntry.generated(A, 2, new int[] {3}));
      awaitSegments(2);
    }
    try (Journal second = open()) {
      assertThat(second.find(A).tokens()).containsExactly(1, 2, 3);
      second.add(ended(A, 3, 4));
    }
    try (Journal third = open()) {
      assertThat(third.find(A)).isEqualTo(ended(A, 0, 1, 2, 3, 4));
    }
  }

  private void awaitSegments(int count) throws Exception {
    for (int i = 0; i < 3_000 && segments().size() < count; i++) {
      Thread.sleep(10);
    }
    assertThat(segments()).hasSize(count);
  }

  @Test
  void aSegmentThatIsNotWholeIsLeftOutAndWhatFollowsItToo() throws Exception {
    SegmentWriter writer = new SegmentWriter(at(), attempt(Buckets.ALL));
    writer.write(
        List.of(RowEntry.generated(A, 0, new int[] {1}), RowEntry.generated(B, 0, new int[] {9})));
    writer.write(List.of(RowEntry.generated(A, 1, new int[] {2})));
    writer.write(List.of(ended(A, 2, 3)));
    List<Path> all = segments();
    byte[] bytes = Files.readAllBytes(all.get(1));
    Files.write(all.get(1), Arrays.copyOf(bytes, bytes.length - 1));
    try (Journal next = open()) {
      assertThat(next.find(A)).isEqualTo(RowEntry.generated(A, 0, new int[] {1}));
      assertThat(next.find(B)).isEqualTo(RowEntry.generated(B, 0, new int[] {9}));
    }
  }

  @Test
  void aChangedByteIsNotBelieved() throws IOException {
    write(ended(A, 0, 1, 2, 3));
    Path segment = segments().get(0);
    byte[] bytes = Files.readAllBytes(segment);
    for (int place : new int[] {0, bytes.length / 2, bytes.length - 1}) {
      byte[] changed = bytes.clone();
      changed[place] ^= 1;
      Files.write(segment, changed);
      assertThat(EarlierAttempts.read(at(), Buckets.ALL))
          .satisfies(
              found -> {
                try (found) {
                  assertThat(found.size()).as("byte %d changed", place).isZero();
                }
              });
    }
  }

  private JournalDirectory at() throws IOException {
    return JournalDirectory.at(hadoop, directory.toString());
  }

  @Test
  void aRowIsTakenWholeFromTheAttemptThatGotFurthest() throws IOException {
    // Two attempts that ran at once, of which neither knew the other.
    SegmentWriter one = new SegmentWriter(at(), attempt(Buckets.ALL));
    SegmentWriter two = new SegmentWriter(at(), attempt(Buckets.ALL));
    one.write(List.of(RowEntry.generated(A, 0, new int[] {1, 2, 3}), ended(B, 0, 7)));
    two.write(
        List.of(
            RowEntry.generated(A, 0, new int[] {1, 5}),
            RowEntry.generated(B, 0, new int[] {7, 8, 9})));
    try (Journal next = open()) {
      assertThat(next.find(A).tokens()).containsExactly(1, 2, 3);
      assertThat(next.find(B)).isEqualTo(ended(B, 0, 7));
    }
  }

  @Test
  void otherPartitionsFindTheSameRowsAndLeaveWhatOthersNeed() throws IOException {
    write(ended(A, 0, 1), ended(B, 0, 2));
    try (Journal half = open(Buckets.of(0, 2), NEVER_BY_ITSELF)) {
      assertThat(half.find(A)).isNotNull();
      assertThat(half.find(B)).isNotNull();
    }
    try (Journal other = open(Buckets.of(1, 2), NEVER_BY_ITSELF)) {
      assertThat(other.find(A)).isNotNull();
      assertThat(other.find(B)).isNotNull();
    }
  }

  @Test
  void aNextAttemptLeavesOneSegmentOfThoseBefore() throws IOException {
    for (int i = 0; i < 5; i++) {
      write(ended(key("row " + i), 0, i));
    }
    try (Journal next = open()) {
      assertThat(next.earlierRows()).isEqualTo(5);
      assertThat(segments()).hasSize(1);
    }
  }

  @Test
  void segmentsAreMerged() throws IOException {
    int flushes = SegmentWriter.FAN_IN * SegmentWriter.FAN_IN + 5;
    SegmentWriter writer = new SegmentWriter(at(), attempt(Buckets.ALL));
    for (int i = 0; i < flushes; i++) {
      writer.write(List.of(RowEntry.generated(A, i, new int[] {i})));
      writer.compact();
      assertThat(segments()).hasSizeLessThan(3 * SegmentWriter.FAN_IN);
    }
    try (Journal next = open()) {
      assertThat(next.find(A).tokens()).containsExactly(IntStream.range(0, flushes).toArray());
    }
  }

  @Test
  void partsOfAMergedSegmentThatAreStillThereDoNotCount() throws IOException {
    SegmentWriter writer = new SegmentWriter(at(), attempt(Buckets.ALL));
    for (int i = 0; i < SegmentWriter.FAN_IN; i++) {
      writer.write(List.of(RowEntry.generated(A, i, new int[] {i})));
    }
    Path part = segments().get(3);
    byte[] bytes = Files.readAllBytes(part);
    writer.compact();
    Files.write(part, bytes); // as if the process had been killed before it was deleted
    try (Journal next = open()) {
      assertThat(next.find(A).end()).isEqualTo(SegmentWriter.FAN_IN);
    }
    assertThat(segments()).as("what the merged one covers goes with it").hasSize(1);
  }

  @Test
  void otherFilesAreNobodysSegments() throws IOException {
    write(ended(A, 0, 1));
    Files.writeString(directory.resolve("run.json"), "{}");
    Files.writeString(directory.resolve("00000-fffff_x_0-0_1_0.arrow"), "x");
    try (Journal next = open()) {
      assertThat(next.earlierRows()).isOne();
    }
  }

  @Test
  void aMergedSegmentThatIsNotWholeLeavesItsPartsInForce() throws IOException {
    SegmentWriter writer = new SegmentWriter(at(), attempt(Buckets.ALL));
    for (int i = 0; i < SegmentWriter.FAN_IN; i++) {
      writer.write(List.of(RowEntry.generated(A, i, new int[] {i})));
    }
    Map<Path, byte[]> parts = new HashMap<>();
    for (Path part : segments()) {
      parts.put(part, Files.readAllBytes(part));
    }
    writer.compact();
    Path merged = segments().get(0);
    Files.write(merged, Arrays.copyOf(Files.readAllBytes(merged), 100)); // killed as it wrote
    for (Map.Entry<Path, byte[]> part : parts.entrySet()) {
      Files.write(part.getKey(), part.getValue());
    }
    try (Journal next = open()) {
      assertThat(next.find(A).end()).isEqualTo(SegmentWriter.FAN_IN);
    }
  }

  @Test
  void bucketsOfPartitionsAreAllBuckets() {
    for (int partitions : new int[] {1, 2, 3, 7, 1000}) {
      int next = 0;
      for (int i = 0; i < partitions; i++) {
        Buckets own = Buckets.of(i, partitions);
        assertThat(own.from()).isEqualTo(next);
        next = own.to();
      }
      assertThat(next).isEqualTo(Buckets.COUNT);
    }
  }
}
