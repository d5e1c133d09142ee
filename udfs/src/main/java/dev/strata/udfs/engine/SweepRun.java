package dev.strata.udfs.engine;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.StateBatch;

/**
 * A sequence's part in a sweep: some of its own tokens, or of a continuation of its prompt.
 *
 * @param continuation which continuation; {@link #OWN} for the sequence's own tokens
 * @param first its first token in the sweep's order
 * @param position that token's position in the sequence
 * @param count how many tokens
 */
record SweepRun(Sequence sequence, int continuation, int first, int position, int count) {

  /** Stands for the sequence's own tokens. */
  static final int OWN = -1;

  boolean isOwn() {
    return continuation == OWN;
  }

  /** A part of its tokens as batches have it, which is all of them where the sequence passes. */
  KvBatch.Run ofBatch(int from, int tokens) {
    return sequence.passes()
        ? KvBatch.Run.passing(tokens)
        : new KvBatch.Run(sequence.extent(), position + from, tokens);
  }

  /** Whether the sequence's next token is chosen after this sweep. */
  boolean choosesToken() {
    return sequence.generation() != null && end() == sequence.length();
  }

  /** Whether the sequence has certainly ended after this run. */
  boolean endsRow() {
    if (sequence.generation() != null) {
      return choosesToken() && sequence.isLastToken();
    }
    if (isOwn()) {
      return end() == sequence.promptLength() && sequence.reading().isComplete();
    }
    Choices choices = sequence.reading().choices();
    return end() == sequence.promptLength() + choices.tokens(continuation)
        && choices.isLast(continuation);
  }

  /** A token's id. */
  int token(int index) {
    return isOwn()
        ? sequence.tokens()[position + index]
        : sequence.reading().choices().token(continuation, behindPrompt(index));
  }

  /** Tokens whose log-probabilities are wanted after one of its tokens. */
  int[] targets(int index) {
    if (sequence.reading() == null) {
      return Reading.NO_TOKENS;
    }
    return isOwn()
        ? sequence.reading().targets(position + index)
        : new int[] {sequence.reading().choices().token(continuation, behindPrompt(index) + 1)};
  }

  /** Takes the log-probabilities of the {@link #targets} of one of its tokens. */
  void found(int index, float[] logProbabilities, int likeliest) {
    if (isOwn()) {
      sequence.reading().found(position + index, logProbabilities, likeliest);
    } else {
      sequence.reading().choices().found(continuation, behindPrompt(index), logProbabilities[0]);
    }
  }

  /** Takes note that its tokens went through the model. */
  void advance() {
    if (isOwn()) {
      sequence.advance(count);
    } else {
      sequence.advance(continuation, count);
    }
  }

  /** How many tokens the sequence has for one of its tokens: all of a prompt for its tokens. */
  int span(int index) {
    int behind = position + index + 1;
    return isOwn() ? Math.max(behind, sequence.promptLength()) : behind;
  }

  /**
   * How the states of its sequence go on with some of its tokens. A continuation starts from what
   * the prompt left, which stays.
   *
   * @param done its tokens before them
   * @param row the first of them in its micro-batch
   */
  StateBatch.Run states(int done, int row, int tokens) {
    int prompts = sequence.states().begin();
    int to = isOwn() ? prompts : prompts + 1;
    int from = to;
    if (position + done == 0) {
      from = StateBatch.NOT_BEGUN;
    } else if (!isOwn() && position + done == sequence.promptLength()) {
      from = prompts;
    }
    return new StateBatch.Run(from, to, row, tokens);
  }

  private int behindPrompt(int index) {
    return position - sequence.promptLength() + index;
  }

  private int end() {
    return position + count;
  }

  /** How many of its tokens went through the model before their sequence was put back. */
  int resumed() {
    return Math.max(0, Math.min(end(), sequence.reached()) - position);
  }

  /** How many of its tokens are the prompt's and go through the model for the first time. */
  int promptTokens() {
    int promptEnd = Math.min(end(), sequence.promptLength());
    return Math.max(0, promptEnd - (position + resumed()));
  }
}
