package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/** What is read from the model instead of new tokens. */
public sealed interface Readout extends Serializable {

  /** The log-probabilities of the prompt's tokens. */
  Readout SCORE = new Score(null, null, false);

  /** The vector of the prompt, of length one. */
  Readout EMBED = new Embed(Pooling.MEAN, true);

  /** The log-probabilities of answers. */
  static Readout choose(List<String> texts) {
    return new Choose(texts);
  }

  /**
   * The log-probability of each of a text's tokens, each after all before it. Nothing is before the
   * first, unless the tokenizer puts a token there.
   *
   * @param continuationColumn the column with what follows the prompt and is scored; null where the
   *     prompt itself is
   * @param windows what longer texts are cut into; null where those are errors
   * @param tells whether the log-probability of each token comes out, beside their sum
   */
  record Score(String continuationColumn, Windows windows, boolean tells) implements Readout {}

  /**
   * Windows that slide over a text, each scoring the tokens that the one before it does not reach.
   *
   * @param tokens the tokens of a window, at least 2; 0 for the model's context
   * @param stride by how many tokens each begins behind the one before; 0 for a whole window
   */
  record Windows(int tokens, int stride) implements Serializable {

    public Windows {
      if (tokens == 1) {
        throw StrataException.usage(
            "windows of 1 token would score nothing; give at least 2, or 0 for the model's context");
      }
      if (tokens > 0 && stride > tokens) {
        throw StrataException.usage(
            "windows of %d tokens with a stride of %d would leave tokens out; give a stride of %d or"
                + " less",
            tokens, stride, tokens);
      }
    }

    /** A window's tokens for a model, which are no more than its context. */
    public int tokens(int context) {
      return tokens == 0 ? context : Math.min(tokens, context);
    }

    /** The stride for a model. */
    public int stride(int context) {
      return stride == 0 ? tokens(context) : Math.min(stride, tokens(context));
    }
  }

  /**
   * The log-probability of each of some texts as the whole answer to the prompt.
   *
   * @param texts what is chosen among
   */
  record Choose(List<String> texts) implements Readout {

    public Choose {
      texts = List.copyOf(texts);
    }
  }

  /**
   * A vector of the last hidden states.
   *
   * @param pooling what is taken of them
   * @param isUnit whether it is scaled to length one
   */
  record Embed(Pooling pooling, boolean isUnit) implements Readout {}
}
