package dev.strata.udfs.engine;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.kv.Extent;
import dev.strata.udfs.tensor.Footprint;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A row in the wave: its tokens so far and how many of them have their keys and values in the pool.
 */
final class Sequence {

  private static final String OWNER = "tokens of rows";

  /** The sequence, what it belongs to, and headers of arrays. */
  private static final int ROW_BYTES = 256;

  /** Tokens that there is room for before the first is generated. */
  private static final int FIRST_ROOM = 16;

  private final RowRequest request;
  private final EngineClient client;
  // Null where tokens are generated.
  private final Reading reading;
  // Null where its keys and values pass, and while it was put back.
  private Extent extent;
  private Extent states;
  private boolean passes;
  private final int promptLength;
  private final int maxLength;
  // Both grow with what is generated: most rows stop long before what they are allowed.
  private int[] tokens;
  private int[] generated;
  private int length;
  private int cached;
  private int reached;
  private int told;
  private FinishReason reason;
  private String error;
  private boolean mayMend;

  /**
   * @param extent room for all tokens but the last, which is never fed back; null where keys and
   *     values pass
   * @param states the places of its states
   * @param maxLength prompt and completion together
   * @param hiddenSize elements of a hidden state
   */
  Sequence(
      RowRequest request,
      EngineClient client,
      Extent extent,
      Extent states,
      int maxLength,
      int hiddenSize) {
    this.request = request;
    this.client = client;
    this.extent = extent;
    this.states = states;
    this.passes = extent == null;
    this.promptLength = request.prompt().length();
    int[] begun = request.ask() instanceof Ask.Generate generate ? generate.begun() : new int[0];
    this.length = promptLength + begun.length;
    this.maxLength = maxLength;
    this.tokens = new int[Math.min(maxLength, length + FIRST_ROOM)];
    this.generated = new int[Math.min(maxLength - promptLength, begun.length + FIRST_ROOM)];
    request.prompt().copyTo(tokens);
    System.arraycopy(begun, 0, tokens, promptLength, begun.length);
    System.arraycopy(begun, 0, generated, 0, begun.length);
    this.told = begun.length;
    this.reading = Reading.of(request.ask(), tokens, promptLength, hiddenSize);
  }

  /**
   * What sequences take.
   *
   * @param held tokens of all of them; each is kept with its prompt and, once generated, for the
   *     result, in arrays that are half as large again at most
   */
  static Footprint footprint(int rows, long held) {
    return Footprint.heap(OWNER, (long) rows * ROW_BYTES + held * 2 * Integer.BYTES * 3 / 2);
  }

  RowRequest request() {
    return request;
  }

  /** What is asked of its tokens' choice; null where none are generated. */
  Ask.Generate generation() {
    return request.ask() instanceof Ask.Generate generate ? generate : null;
  }

  /** What is read for it; null where tokens are generated. */
  Reading reading() {
    return reading;
  }

  EngineClient client() {
    return client;
  }

  Extent extent() {
    return extent;
  }

  /** Whether it goes through the model whole and leaves no keys and values. */
  boolean passes() {
    return passes;
  }

  /** Takes note that its keys and values have to be kept after all. */
  void keep() {
    passes = false;
  }

  /** Takes a longer extent in which the keys and values are at the same places. */
  void moveTo(Extent larger) {
    extent = larger;
  }

  /**
   * The places of its states: its own, and behind it that of its continuations where it has any.
   */
  Extent states() {
    return states;
  }

  /** Takes a longer extent and other places of states; its tokens are to go through the model. */
  void comeBack(Extent room, Extent placesOfStates) {
    extent = room;
    states = placesOfStates;
  }

  /**
   * Gives its extent, if it has one, and its states up: its tokens have to go through the model
   * again.
   */
  void putBack() {
    extent = null;
    states = null;
    restart();
  }

  /** Its tokens have to go through the model again. */
  void restart() {
    cached = 0;
    if (reading != null) {
      reading.restart();
    }
  }

  /** How many places of states a row needs: continuations start from what its prompt left. */
  static int statePlaces(Ask ask) {
    boolean goesOn =
        ask instanceof Ask.Choose choose
            && choose.continuations().stream().anyMatch(tokens -> tokens.length > 1);
    return goesOn ? 2 : 1;
  }

  /** The most slots it can need. */
  int mostSlots() {
    return slots(promptLength, maxLength);
  }

  /**
   * The most slots that a row can need: the last token that comes after the prompt is not fed back.
   */
  static int slots(int promptLength, int maxLength) {
    return Math.max(promptLength, maxLength - 1);
  }

  /** The tokens so far, from the first on; what is behind them has no meaning. */
  int[] tokens() {
    return tokens;
  }

  int length() {
    return length;
  }

  int cached() {
    return cached;
  }

  int promptLength() {
    return promptLength;
  }

  /** The first token of what is asked that is not in a vocabulary of such a size. */
  OptionalInt tokenOutside(int vocabSize) {
    IntStream prompt = Arrays.stream(tokens, 0, promptLength);
    return IntStream.concat(prompt, request.ask().tokens())
        .filter(token -> token < 0 || token >= vocabSize)
        .findFirst();
  }

  /** Tokens that have not been through the model. */
  int pending() {
    return length - cached;
  }

  /** Tokens that have been through the model, if not since the sequence was put back. */
  int reached() {
    return reached;
  }

  /** Takes note that the next {@code count} tokens went through the model. */
  void advance(int count) {
    cached += count;
    reached = Math.max(reached, cached);
    endIfRead();
  }

  /** Takes note that tokens of a continuation went through the model. */
  void advance(int continuation, int count) {
    reading.choices().advance(continuation, count);
    endIfRead();
  }

  private void endIfRead() {
    if (reading != null && reason == null && cached == promptLength && reading.isComplete()) {
      reason = FinishReason.STOP;
    }
  }

  /** Adds a chosen token, and ends the sequence where it is the last. */
  void append(int token) {
    int count = length - promptLength;
    generated = withRoom(generated, count, maxLength - promptLength);
    tokens = withRoom(tokens, length, maxLength);
    generated[count] = token;
    tokens[length++] = token;
    if (generation().stop().stops(generated, length - promptLength)) {
      reason = FinishReason.STOP;
    } else if (isFull()) {
      reason = FinishReason.LENGTH;
    }
  }

  /** The same numbers where there is a place behind the first {@code used}. */
  private static int[] withRoom(int[] array, int used, int most) {
    return used < array.length ? array : Arrays.copyOf(array, Math.min(most, used + used / 2 + 1));
  }

  /** Tells whose row it is what was generated since it was told last. */
  void tell() {
    int count = length - promptLength;
    if (count > told) {
      client.sink().generated(request.key(), generated, told, count);
      told = count;
    }
  }

  private boolean isFull() {
    return length == maxLength;
  }

  /** Whether the next chosen token is the last that fits. */
  boolean isLastToken() {
    return length + 1 == maxLength;
  }

  /** Ends with an error that the row has with this model whenever it is asked. */
  void fail(String message) {
    reason = FinishReason.ERROR;
    error = message;
  }

  /** Ends with an error that may have come of something else. */
  void failThisTime(String message) {
    fail(message);
    mayMend = true;
  }

  boolean isFinished() {
    return reason != null;
  }

  RowResult result() {
    if (reading != null && error == null) {
      return read();
    }
    int[] completion = Arrays.copyOf(generated, length - promptLength);
    return RowResult.generated(request.key(), completion, reason, error, mayMend);
  }

  private RowResult read() {
    try {
      return RowResult.read(request.key(), reading.values());
    } catch (RowException e) {
      return RowResult.failed(request.key(), e.getMessage(), false);
    }
  }
}
