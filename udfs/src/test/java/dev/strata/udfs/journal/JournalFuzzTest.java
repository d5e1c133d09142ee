package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.strata.udfs.api.FinishReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What disks, and strangers, leave in a journal's directory: files that are cut, changed, empty or
 * another's. Each costs its own rows at most, and none ends a task.
 */
@Timeout(300)
class JournalFuzzTest {

  private static final int INPUTS = Integer.getInteger("strata.fuzz.inputs", 80);
  private static final Random RANDOM = new Random(Long.getLong("strata.fuzz.seed", 12));
  private static final long SLOWEST_NANOS = Duration.ofSeconds(20).toNanos();
  private static final Configuration HADOOP = new Configuration(false);

  @TempDir Path directory;

  private final List<RowEntry> sound = rows("sound");
  private byte[] segment;

  private static List<RowEntry> rows(String name) {
    return IntStream.range(0, 20).mapToObj(i -> row(JournalTest.key(name + i), i)).toList();
  }

  private static RowEntry row(RowKey key, int i) {
    int[] tokens = IntStream.range(0, i).toArray();
    return switch (i % 4) {
      case 0 -> RowEntry.generated(key, 0, tokens);
      case 1 -> new RowEntry(key, 0, tokens, FinishReason.STOP, null, new float[0]);
      case 2 -> new RowEntry(key, 0, tokens, FinishReason.ERROR, "too long ≥ ü", new float[0]);
      default -> new RowEntry(key, 0, tokens, FinishReason.LENGTH, null, new float[] {1, 2, 3});
    };
  }

  @BeforeEach
  void write() throws IOException {
    Attempt attempt = JournalTest.attempt(Buckets.ALL);
    new SegmentWriter(at(), attempt).write(sound);
    segment = SegmentCodec.encode(rows("other"));
  }

  private JournalDirectory at() throws IOException {
    return JournalDirectory.at(HADOOP, directory.toString());
  }

  /** A file of another attempt, under a name that says what is in it, or something else. */
  private Path put(byte[] bytes, boolean isOfItsName) throws IOException {
    byte[] named = isOfItsName ? bytes : segment;
    SegmentName name = SegmentName.of(Buckets.ALL, "0123456789abcdef", 0, 0, named);
    return Files.write(directory.resolve(name.toString()), bytes);
  }

  private byte[] changed() {
    byte[] bytes = segment.clone();
    int changes = 1 + RANDOM.nextInt(3);
    for (int i = 0; i < changes; i++) {
      bytes = change(bytes);
    }
    return bytes;
  }

  private static byte[] change(byte[] bytes) {
    if (bytes.length < 16) {
      return bytes;
    }
    int place = RANDOM.nextInt(bytes.length);
    int kind = RANDOM.nextInt(6);
    if (kind == 0) {
      return Arrays.copyOf(bytes, place);
    }
    if (kind == 1) {
      bytes[place] ^= (byte) (1 << RANDOM.nextInt(8));
    } else if (kind == 2) {
      Arrays.fill(bytes, place, Math.min(bytes.length, place + RANDOM.nextInt(600)), (byte) 0);
    } else if (kind == 3) { // lengths and offsets are numbers of four or eight bytes
      int[] nasty = {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0, 1 << 30, RANDOM.nextInt()};
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(Math.min(place / 4 * 4, bytes.length - 4), nasty[RANDOM.nextInt(nasty.length)]);
    } else if (kind == 4) {
      byte[] more = Arrays.copyOf(bytes, bytes.length + RANDOM.nextInt(100));
      System.arraycopy(bytes, 0, more, more.length - bytes.length, bytes.length);
      return more;
    } else {
      byte[] noise = new byte[RANDOM.nextInt(200)];
      RANDOM.nextBytes(noise);
      System.arraycopy(noise, 0, bytes, place, Math.min(noise.length, bytes.length - place));
    }
    return bytes;
  }

  private void readsWhatIsSound(String what) {
    long before = System.nanoTime();
    assertThatCode(
            () -> {
              try (EarlierAttempts read = EarlierAttempts.read(at(), Buckets.ALL)) {
                for (RowEntry row : sound) {
                  assertThat(read.find(row.key())).isEqualTo(row);
                }
              }
            })
        .as(what)
        .doesNotThrowAnyException();
    assertThat(System.nanoTime() - before).as(what).isLessThan(SLOWEST_NANOS);
  }

  @Test
  void damagedSegments() throws IOException {
    for (int i = 0; i < INPUTS; i++) {
      Path file = put(changed(), RANDOM.nextBoolean());
      readsWhatIsSound("input " + i);
      Files.delete(file);
    }
  }

  @Test
  void whatIsNone() throws IOException {
    List<byte[]> strangers = new ArrayList<>();
    strangers.add(new byte[0]);
    strangers.add("{\"rows\": 3}".getBytes(StandardCharsets.UTF_8));
    strangers.add(new byte[1 << 16]);
    strangers.add("ARROW1\0\0".getBytes(StandardCharsets.UTF_8));
    for (byte[] stranger : strangers) {
      for (boolean isOfItsName : new boolean[] {false, true}) {
        Path file = put(stranger, isOfItsName);
        readsWhatIsSound(stranger.length + " bytes");
        Files.delete(file);
      }
    }
  }

  /** A directory of a segment's name, and names that mean nothing. */
  @Test
  void foreignNames() throws IOException {
    for (String name :
        List.of(
            "notes.txt",
            ".hidden",
            "00000-10000_1f0c9a3b77d0e1c2_0-0_1_00000000.arrow.crc",
            "fffff-00000_1f0c9a3b77d0e1c2_0-0_1_00000000.arrow",
            "00000-10000_1f0c9a3b77d0e1c2_9-0_999999999999999_ffffffff.arrow",
            "00000-10000_1f0c9a3b77d0e1c2_0_999999999_ffffffff.inflight",
            "1f0c9a3b_fault_999999999.death",
            "1f0c9a3b_fault_-1.death",
            "zzzzzzzz_lost_0.death")) {
      Files.writeString(directory.resolve(name), "whatever");
    }
    Files.createDirectory(directory.resolve("attempts"));
    readsWhatIsSound("foreign names");
    assertThatCode(() -> Deaths.read(at(), JournalTest.attempt(Buckets.ALL)))
        .doesNotThrowAnyException();
  }

  @Test
  void runRecords() throws IOException {
    Path file = directory.resolve("run.json");
    String record = "{\"version\": \"1\", \"the model's contents\": \"abc\"}";
    String nested = "[".repeat(100_000);
    for (String json :
        List.of(
            "", "{", "[]", "null", "3", "{\"a\": {\"b\": 1}}", "{\"a\": [1]}", nested, record)) {
      Files.writeString(file, json);
      assertThatCode(() -> RunRecord.read(HADOOP, directory.toString()))
          .as(json.substring(0, Math.min(20, json.length())))
          .doesNotThrowAnyException();
    }
    for (int i = 0; i < INPUTS; i++) {
      byte[] bytes = change(record.getBytes(StandardCharsets.UTF_8));
      Files.write(file, bytes);
      assertThatCode(() -> RunRecord.read(HADOOP, directory.toString()))
          .as(new String(bytes, StandardCharsets.UTF_8))
          .doesNotThrowAnyException();
    }
  }
}
