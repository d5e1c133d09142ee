package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PromptBufferTest {

  private static final long LIMIT = 64L << 20;

  @Test
  void givesBackWhatWasAdded() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      int empty = buffer.add(new byte[0], new int[0]);
      int slot = buffer.add(bytes("row"), new int[] {7, -1, Integer.MAX_VALUE});
      assertThat(buffer.row(slot)).isEqualTo(bytes("row"));
      assertThat(tokens(buffer, slot)).containsExactly(7, -1, Integer.MAX_VALUE);
      assertThat(buffer.row(empty)).isEmpty();
      assertThat(buffer.tokenCount(empty)).isZero();
    }
  }

  @Test
  void takesIntoALongerArray() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      int[] target = {9, 9, 9};
      buffer.takeTokens(buffer.add(bytes("x"), new int[] {1, 2}), target);
      assertThat(target).containsExactly(1, 2, 9);
    }
  }

  /** What runs takes no memory of what waits. */
  @Test
  void tokensThatWereTakenTakeNoMemory() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      List<Integer> slots = new ArrayList<>();
      for (int i = 0; i < PromptBatch.ROWS + 10; i++) {
        slots.add(buffer.add(bytes("row " + i), expectedTokens(i + 10_000)));
      }
      long rowsAlone = buffer.bytes();
      int large = buffer.add(bytes("large"), new int[1 << 20]);
      assertThat(buffer.bytes()).isEqualTo(rowsAlone + (4 << 20));
      slots.forEach(slot -> assertThat(tokens(buffer, slot)).hasSize(buffer.tokenCount(slot)));
      long withoutTheirTokens = buffer.bytes();
      assertThat(withoutTheirTokens).isLessThan(rowsAlone + (4 << 20) - 10_000);
      tokens(buffer, large);
      assertThat(buffer.bytes()).isEqualTo(withoutTheirTokens - (4 << 20));
      assertThat(buffer.tokenCount(large)).isEqualTo(1 << 20);
      assertThat(buffer.row(large)).isEqualTo(bytes("large"));
      assertThatThrownBy(() -> tokens(buffer, large))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the row's tokens were taken before");
      slots.forEach(buffer::release);
      buffer.release(large);
      assertThat(buffer.bytes()).isZero();
    }
  }

  @Test
  void rowsThatNobodyTookTheTokensOfAreFreedWhole() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      int rejected = buffer.add(bytes("rejected"), new int[1 << 20]);
      buffer.add(bytes("waiting"), new int[10]);
      buffer.release(rejected);
      assertThat(buffer.bytes()).isLessThan(1 << 20).isPositive();
    }
  }

  @Test
  void largeRowsFit() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      byte[] text = bytes("é".repeat(1 << 19));
      int[] ids = IntStream.range(0, 300_000).toArray();
      List<Integer> slots = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        slots.add(buffer.add(text, ids));
      }
      for (int slot : slots) {
        assertThat(buffer.row(slot)).isEqualTo(text);
        assertThat(tokens(buffer, slot)).isEqualTo(ids);
      }
    }
  }

  @Test
  void batchesAreFreedWithTheLastOfTheirRowsAndTheirSlotsUsedAgain() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      int rows = 2 * PromptBatch.ROWS;
      List<Integer> slots = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        slots.add(buffer.add(bytes("row " + i), new int[] {i}));
      }
      long all = buffer.bytes();
      slots.subList(1, PromptBatch.ROWS).forEach(buffer::release);
      long ids = (long) (PromptBatch.ROWS - 1) * Integer.BYTES;
      assertThat(buffer.bytes()).isEqualTo(all - ids);
      buffer.release(slots.get(0));
      assertThat(buffer.bytes()).isLessThan(all / 2 + ids).isPositive();
      assertThat(buffer.add(bytes("new"), new int[] {1})).isEqualTo(slots.get(0));
      slots.subList(PromptBatch.ROWS, rows).forEach(buffer::release);
      buffer.release(slots.get(0));
      assertThat(buffer.bytes()).isZero();
    }
  }

  @Test
  void releasedSlotsAreRefused() {
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      int slot = buffer.add(bytes("a"), new int[] {1});
      int other = buffer.add(bytes("b"), new int[] {2});
      buffer.release(slot);
      assertThatThrownBy(() -> buffer.row(slot)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> buffer.release(slot)).isInstanceOf(IllegalStateException.class);
      buffer.release(other);
      assertThatThrownBy(() -> buffer.tokenCount(other)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> buffer.row(-1)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aRowOverTheLimitIsRefusedAndTheOthersRemain() {
    try (PromptBuffer buffer = new PromptBuffer(1 << 20)) {
      int slot = buffer.add(bytes("small"), new int[] {1, 2, 3});
      assertThatThrownBy(() -> buffer.add(new byte[2 << 20], new int[1]))
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith(
              "a row of 2097152 bytes and 1 tokens does not fit into the 1048576");
      assertThatThrownBy(() -> buffer.add(new byte[1], new int[1 << 20]))
          .isInstanceOf(StrataException.class);
      int next = buffer.add(bytes("next"), new int[] {4});
      assertThat(buffer.row(slot)).isEqualTo(bytes("small"));
      assertThat(tokens(buffer, slot)).containsExactly(1, 2, 3);
      assertThat(buffer.row(next)).isEqualTo(bytes("next"));
      assertThat(tokens(buffer, next)).containsExactly(4);
    }
  }

  @Test
  void anotherThreadTakesTokensWhileRowsComeAndGo() throws Exception {
    ExecutorService sweep = Executors.newSingleThreadExecutor();
    try (PromptBuffer buffer = new PromptBuffer(LIMIT)) {
      BlockingQueue<Integer> submitted = new ArrayBlockingQueue<>(600);
      BlockingQueue<Integer> done = new ArrayBlockingQueue<>(20_000);
      Future<?> takes = sweep.submit(() -> takeEach(buffer, submitted, done));
      for (int i = 0; i < 20_000; i++) {
        submitted.put(buffer.add(bytes("row " + i), expectedTokens(i)));
        for (Integer slot = done.poll(); slot != null; slot = done.poll()) {
          buffer.release(slot);
        }
      }
      takes.get(60, TimeUnit.SECONDS);
      done.forEach(buffer::release);
      assertThat(buffer.bytes()).isZero();
    } finally {
      sweep.shutdownNow();
    }
  }

  private static Void takeEach(
      PromptBuffer buffer, BlockingQueue<Integer> submitted, BlockingQueue<Integer> done)
      throws InterruptedException {
    for (int i = 0; i < 20_000; i++) {
      int slot = submitted.take();
      assertThat(tokens(buffer, slot)).isEqualTo(expectedTokens(i));
      done.put(slot);
    }
    return null;
  }

  private static int[] expectedTokens(int row) {
    int[] tokens = new int[row % 50];
    Arrays.fill(tokens, row);
    return tokens;
  }

  private static int[] tokens(PromptBuffer buffer, int slot) {
    int[] tokens = new int[buffer.tokenCount(slot)];
    buffer.takeTokens(slot, tokens);
    return tokens;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
