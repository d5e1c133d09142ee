package dev.strata.udfs.engine;

import java.nio.FloatBuffer;

/** Sees logits before a token is chosen from them. Called on the sweep thread. */
public interface LogitsObserver {

  /** Whether logits are wanted after every token of the prompt, or only where a token is chosen. */
  boolean everyPosition();

  /**
   * The logits that follow a token.
   *
   * @param position the token's position in its sequence
   * @param logits one for each token of the vocabulary, valid during the call only
   */
  void logits(int position, FloatBuffer logits);
}
