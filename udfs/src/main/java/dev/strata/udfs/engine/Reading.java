package dev.strata.udfs.engine;

/** What is read for a row while its tokens go through the model, where none are generated. */
interface Reading {

  /** Nothing is wanted. */
  int[] NO_TOKENS = {};

  /**
   * What reads for a row; null where it generates tokens.
   *
   * @param prompt the prompt's tokens, {@code length} of them
   */
  static Reading of(Ask ask, int[] prompt, int length, int hiddenSize) {
    if (ask instanceof Ask.Score score) {
      return new TokenScores(prompt, length, score.from());
    }
    if (ask instanceof Ask.Choose choose) {
      return new Choices(length, choose.continuations());
    }
    return ask instanceof Ask.Embed embed ? new PooledStates(embed, length, hiddenSize) : null;
  }

  /** The tokens whose log-probabilities are wanted after the prompt's token at a position. */
  default int[] targets(int position) {
    return NO_TOKENS;
  }

  /**
   * Takes the log-probabilities of the {@link #targets} of a position.
   *
   * @param likeliest the likeliest of all tokens there
   */
  default void found(int position, float[] logProbabilities, int likeliest) {
    throw new IllegalStateException("nothing is wanted at " + position);
  }

  /**
   * Rows of the head's input, beside one for the sequence itself, that reading takes where so many
   * of the prompt's tokens go through the model.
   *
   * @param position the first token's
   */
  default int rows(int position, int count) {
    return 0;
  }

  /** How many of the prompt's tokens from a position on take no more than so many {@link #rows}. */
  default int affordable(int position, int count, int rows) {
    return count;
  }

  /** Whether last hidden states of prompt tokens are wanted. */
  default boolean poolsStates() {
    return false;
  }

  /** The first prompt token whose last hidden state is wanted; those of all behind it are too. */
  default int pooledFrom() {
    return 0;
  }

  /** Takes the sum of the last hidden states that are wanted of some of the prompt's tokens. */
  default void add(float[] states, int from) {
    throw new IllegalStateException("no hidden states are wanted");
  }

  /** Continuations of the prompt that go through the model after it; null if there are none. */
  default Choices choices() {
    return null;
  }

  /** Whether all is read as soon as the whole prompt went through the model. */
  default boolean isComplete() {
    return true;
  }

  /**
   * The prompt has to go through the model from the first token on: what was read of it is void.
   */
  default void restart() {}

  /** What was read, when it is complete. */
  float[] values();
}
