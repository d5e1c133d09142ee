package dev.strata.udfs.model;

/** What a tensor of the checkpoint is for. Matrices are streamed, vectors stay resident. */
public enum WeightRole {
  /** [vocab, hidden]; only the rows of the tokens at hand are read. */
  EMBEDDING,
  /** [hidden]. */
  ATTENTION_NORM,
  /** [heads · headDim, hidden]. */
  QUERY,
  /** [kvHeads · headDim, hidden]. */
  KEY,
  /** [kvHeads · headDim, hidden]. */
  VALUE,
  /** [heads · headDim]. */
  QUERY_BIAS,
  /** [kvHeads · headDim]. */
  KEY_BIAS,
  /** [kvHeads · headDim]. */
  VALUE_BIAS,
  /** [headDim]. */
  QUERY_NORM,
  /** [headDim]. */
  KEY_NORM,
  /** [hidden, heads · headDim]. */
  ATTENTION_OUTPUT,
  /** [hidden]. */
  ATTENTION_OUTPUT_BIAS,
  /** [hidden]. */
  FEED_FORWARD_NORM,
  /** [intermediate, hidden]. */
  GATE,
  /** [intermediate, hidden]. */
  UP,
  /** [hidden, intermediate]. */
  DOWN,
  /** [intermediate]. */
  GATE_BIAS,
  /** [intermediate]. */
  UP_BIAS,
  /** [hidden]. */
  DOWN_BIAS,
  /** [hidden]. */
  FINAL_NORM,
  /** [vocab, hidden]; the embedding's tensor where the head is tied. */
  HEAD;

  /** Whether it has rows and columns; a vector otherwise. */
  public boolean isMatrix() {
    return switch (this) {
      case EMBEDDING, QUERY, KEY, VALUE, ATTENTION_OUTPUT, GATE, UP, DOWN, HEAD -> true;
      default -> false;
    };
  }
}
