package dev.strata.udfs.api;

/** Which of a text's last hidden states its vector is made of. */
public enum Pooling {
  /** The mean of all. */
  MEAN,
  /** The last token's alone, which models that are trained to embed texts often mean. */
  LAST
}
