package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.text.PromptBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The rows that were read and have not come out, with the answers that they have so far, outside
 * the heap.
 */
final class PendingRows implements AutoCloseable {

  private static final long LIMIT_BYTES = 2L << 30;

  private static final byte[] NO_ROW = {};
  private static final int[] NO_TOKENS = {};

  /** A row that was read. */
  static final class Pending {

    private final int slot;
    private final int[] answers; // slots, of those that are there
    private int open;

    private Pending(int slot, int questions) {
      this.slot = slot;
      this.answers = new int[questions];
      this.open = questions;
    }
  }

  /** A row with all its answers. */
  @SuppressWarnings("ArrayRecordComponent") // as in AskedRow
  record Finished(byte[] kept, List<Answer> answers) {}

  private final PromptBuffer buffer = new PromptBuffer(LIMIT_BYTES);
  private final boolean inOrder;
  private final Deque<Pending> rows = new ArrayDeque<>(); // in order all, else the finished ones
  private int size;

  /**
   * @param inOrder whether rows come out as they came in, or else as they finish
   */
  PendingRows(boolean inOrder) {
    this.inOrder = inOrder;
  }

  /** Takes a row in. */
  Pending add(AskedRow row) {
    Pending pending = new Pending(buffer.add(row.kept(), NO_TOKENS), row.questions().size());
    size++;
    if (inOrder || pending.open == 0) {
      rows.add(pending);
    }
    return pending;
  }

  /** Takes the tokens of a question in, and returns its key. */
  int addTokens(int[] tokens) {
    return buffer.add(NO_ROW, tokens);
  }

  /** Tokens that the buffer lets go as soon as the engine has them. */
  PromptTokens tokens(int key) {
    int length = buffer.tokenCount(key);
    return new PromptTokens() {
      @Override
      public int length() {
        return length;
      }

      @Override
      public void copyTo(int[] target) {
        buffer.takeTokens(key, target);
      }
    };
  }

  /** Gives a question up, and returns the number of its tokens. */
  int releaseTokens(int key) {
    int count = buffer.tokenCount(key);
    buffer.release(key);
    return count;
  }

  /** Takes the answer of a row's question in. */
  void answer(Pending row, int question, Answer answer) {
    row.answers[question] = buffer.add(encode(answer), NO_TOKENS);
    row.open--;
    if (!inOrder && row.open == 0) {
      rows.add(row);
    }
  }

  /** The next row that may come out, which is then given up; null if there is none yet. */
  Finished poll() {
    Pending first = rows.peek();
    if (first == null || first.open > 0) {
      return null;
    }
    rows.remove();
    size--;
    List<Answer> answers = Arrays.stream(first.answers).mapToObj(this::takeAnswer).toList();
    return new Finished(take(first.slot), answers);
  }

  private byte[] take(int slot) {
    byte[] bytes = buffer.row(slot);
    buffer.release(slot);
    return bytes;
  }

  private Answer takeAnswer(int slot) {
    Object[] fields = RowCodec.decode(take(slot));
    Completion completion =
        new Completion(
            (String) fields[0],
            FinishReason.valueOf((String) fields[1]),
            (Integer) fields[2],
            (Integer) fields[3],
            (String) fields[4]);
    return new Answer(completion, floats((byte[]) fields[5]));
  }

  private static byte[] encode(Answer answered) {
    Completion answer = answered.completion();
    return RowCodec.encode(
        new Object[] {
          answer.text(),
          answer.finishReason().name(),
          answer.promptTokens(),
          answer.completionTokens(),
          answer.error(),
          bytes(answered.values())
        });
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }

  /** Rows that have not come out. */
  int size() {
    return size;
  }

  /** The bytes outside the heap. */
  long bytes() {
    return buffer.bytes();
  }

  /** Gives all rows up. The engine must not read their tokens any more. */
  @Override
  public void close() {
    buffer.close();
  }
}
