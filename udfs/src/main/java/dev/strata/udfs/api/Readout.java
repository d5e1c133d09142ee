package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/** What is read from the model instead of new tokens. */
public sealed interface Readout extends Serializable {

  /** The log-probabilities of the prompt's tokens. */
  Readout SCORE = new Score();

  /** The vector of the prompt. */
  Readout EMBED = new Embed();

  /** The log-probabilities of answers. */
  static Readout choose(List<String> texts) {
    return new Choose(texts);
  }

  /** The log-probability of each of the prompt's tokens but the first. */
  record Score() implements Readout {}

  /**
   * That of each of some texts as the whole answer to the prompt.
   *
   * @param texts what is chosen among
   */
  record Choose(List<String> texts) implements Readout {

    public Choose {
      texts = List.copyOf(texts);
    }
  }

  /** The mean of the last hidden states, of length one. */
  record Embed() implements Readout {}
}
