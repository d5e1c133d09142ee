package dev.strata.udfs.engine;

/**
 * A prompt's token ids, wherever they are kept until the engine wants them. The engine calls {@link
 * #copyTo} on the sweep thread, when the row enters, and never again for that row: who keeps the
 * ids for it alone may let them go then. It is not called after the row's client is closed.
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
