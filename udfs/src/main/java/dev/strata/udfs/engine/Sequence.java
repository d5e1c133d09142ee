package dev.strata.udfs.engine;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.kv.Extent;
import java.util.Arrays;

/**
 * A row in the wave: its tokens so far and how many of them have their keys and values in the pool.
 */
final class Sequence {

  private final GenerationRequest request;
  private final EngineClient client;
  private Extent extent;
  private final int promptLength;
  private final int[] tokens;
  private final int[] generated;
  private int length;
  private int cached;
  private int reached;
  private FinishReason reason;
  private String error;

  /**
   * @param extent room for all tokens but the last, which is never fed back
   * @param maxLength prompt and completion together
   */
  Sequence(GenerationRequest request, EngineClient client, Extent extent, int maxLength) {
    this.request = request;
    this.client = client;
    this.extent = extent;
    this.promptLength = request.prompt().length();
    this.length = promptLength;
    this.tokens = new int[maxLength];
    this.generated = new int[maxLength - promptLength];
    request.prompt().copyTo(tokens);
  }

  GenerationRequest request() {
    return request;
  }

  EngineClient client() {
    return client;
  }

  Extent extent() {
    return extent;
  }

  /** Takes a longer extent in which the keys and values are at the same places. */
  void moveTo(Extent larger) {
    extent = larger;
  }

  /** Gives its extent up: its tokens have to go through the model again. */
  Extent putBack() {
    Extent given = extent;
    extent = null;
    cached = 0;
    return given;
  }

  /** The most slots it can need: the last token is never fed back. */
  int mostSlots() {
    return tokens.length - 1;
  }

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

  /** The index of the first prompt token that is not below {@code vocabSize}, or -1. */
  int tokenOutside(int vocabSize) {
    for (int i = 0; i < promptLength; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabSize) {
        return i;
      }
    }
    return -1;
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
  }

  /** Adds a chosen token, and ends the sequence where it is the last. */
  void append(int token) {
    generated[length - promptLength] = token;
    tokens[length++] = token;
    if (request.stop().stops(generated, length - promptLength)) {
      reason = FinishReason.STOP;
    } else if (isFull()) {
      reason = FinishReason.LENGTH;
    }
  }

  private boolean isFull() {
    return length == tokens.length;
  }

  /** Whether the next chosen token is the last that fits. */
  boolean isLastToken() {
    return length + 1 == tokens.length;
  }

  void fail(String message) {
    reason = FinishReason.ERROR;
    error = message;
  }

  boolean isFinished() {
    return reason != null;
  }

  GenerationResult result() {
    int[] completion = Arrays.copyOf(generated, length - promptLength);
    return new GenerationResult(request.key(), completion, reason, error);
  }
}
