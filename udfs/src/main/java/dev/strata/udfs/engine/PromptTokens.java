package dev.strata.udfs.engine;

/**
 * A prompt's token ids, wherever they are kept until the engine wants them. {@link #copyTo} is
 * called on the sweep thread.
 */
public interface PromptTokens {

  /** How many tokens. */
  int length();

  /** Copies the ids to the start of {@code target}. */
  void copyTo(int[] target);

  /** Token ids in an array. */
  static PromptTokens of(int... tokens) {
    return new PromptTokens() {
      @Override
      public int length() {
        return tokens.length;
      }

      @Override
      public void copyTo(int[] target) {
        System.arraycopy(tokens, 0, target, 0, tokens.length);
      }
    };
  }
}
