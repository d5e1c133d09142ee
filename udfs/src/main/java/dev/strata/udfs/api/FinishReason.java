package dev.strata.udfs.api;

/** Why a row's generation ended. */
public enum FinishReason {
  /** A stop token or a stop string was generated. */
  STOP("stop"),
  /** The maximum of new tokens or the model's context was reached. */
  LENGTH("length"),
  /** The row could not be generated; its error says why. */
  ERROR("error");

  private final String word;

  FinishReason(String word) {
    this.word = word;
  }

  /** The word in the {@code finish_reason} column. */
  public String word() {
    return word;
  }
}
