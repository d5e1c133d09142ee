package dev.strata.udfs.spark;

import java.io.Serializable;
import java.util.List;

/**
 * What is read from the model instead of new tokens.
 *
 * @param texts what is chosen among; empty otherwise
 */
public record Readout(Kind kind, List<String> texts) implements Serializable {

  /** What there is to read. */
  public enum Kind {
    /** The log-probability of each of the prompt's tokens but the first. */
    SCORE,
    /** That of each of some texts as the whole answer to the prompt. */
    CHOOSE,
    /** The mean of the last hidden states, of length one. */
    EMBED
  }

  /** The log-probabilities of the prompt's tokens. */
  public static final Readout SCORE = new Readout(Kind.SCORE, List.of());

  /** The vector of the prompt. */
  public static final Readout EMBED = new Readout(Kind.EMBED, List.of());

  public Readout {
    texts = List.copyOf(texts);
  }

  /** The log-probabilities of answers. */
  public static Readout choose(List<String> texts) {
    return new Readout(Kind.CHOOSE, texts);
  }
}
