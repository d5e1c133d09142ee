package dev.strata.udfs.engine;

import dev.strata.udfs.api.Pooling;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What a row asks of the engine. Whatever it is, the row's prompt goes through the model once, in
 * the sweeps of the wave; what is read from the model is read on the device, so that no row needs
 * memory for a whole vocabulary unless its tokens are drawn.
 */
public sealed interface Ask {

  /** The most tokens that come after the prompt. */
  default int mostNewTokens() {
    return 0;
  }

  /**
   * Whether nothing goes through the model but the prompt, so that nobody needs its keys and values
   * afterwards.
   */
  default boolean endsWithPrompt() {
    return true;
  }

  /**
   * Rows of the head's input that reading a whole prompt takes besides one; see {@link
   * Reading#rows}.
   */
  default int rowsToRead(int promptLength) {
    return 0;
  }

  /** The tokens that are asked about besides the prompt's. */
  default IntStream tokens() {
    return IntStream.empty();
  }

  /** Whether a choice needs all logits, and not the best alone. */
  default boolean needsLogits() {
    return false;
  }

  /**
   * New tokens after the prompt.
   *
   * @param sampling how they are chosen
   * @param seed the row's own seed
   * @param stop what ends generation besides the maximum of tokens and the model's context
   * @param observer sees the row's logits; null for none
   * @param begun tokens that were generated before, which count as generated here and go through
   *     the model with the prompt
   */
  // The tokens are copied into the sequence and not compared: an array spares boxing.
  @SuppressWarnings("ArrayRecordComponent")
  record Generate(
      SamplingOptions sampling, long seed, StopCondition stop, LogitsObserver observer, int[] begun)
      implements Ask {

    public Generate {
      Objects.requireNonNull(sampling, "sampling");
      Objects.requireNonNull(stop, "stop");
      Objects.requireNonNull(begun, "begun");
    }

    /** New tokens of which there are none yet. */
    public Generate(
        SamplingOptions sampling, long seed, StopCondition stop, LogitsObserver observer) {
      this(sampling, seed, stop, observer, new int[0]);
    }

    /** The same after tokens that were generated before. */
    public Generate after(int[] tokens) {
      return new Generate(sampling, seed, stop, observer, tokens);
    }

    @Override
    public IntStream tokens() {
      return Arrays.stream(begun);
    }

    @Override
    public int mostNewTokens() {
      return sampling.maxNewTokens();
    }

    @Override
    public boolean endsWithPrompt() {
      boolean isObserved = observer != null && observer.everyPosition();
      return sampling.maxNewTokens() == 1 && begun.length == 0 && !isObserved;
    }

    @Override
    public boolean needsLogits() {
      return observer != null || sampling.needsLogits();
    }
  }

  /**
   * The log-probabilities of the prompt's own tokens, each after all that are before it, from the
   * token at an index on.
   *
   * @param from at least 1, since nothing is before the first token
   */
  record Score(int from) implements Ask {

    public Score {
      if (from < 1) {
        throw new IllegalArgumentException("token " + from + " has no token before it");
      }
    }

    @Override
    public int rowsToRead(int promptLength) {
      return Math.max(0, promptLength - from);
    }
  }

  /**
   * The log-probability of each of several texts after the prompt, the sum over its tokens. The
   * prompt's own sweep finds those of their first tokens, another those of all the others, unless
   * sweeps are too small for all of them.
   *
   * @param continuations each at least one token; where they shall be compared each ends with a
   *     stop token, else one that begins another is never the less likely
   */
  record Choose(List<int[]> continuations) implements Ask {

    public Choose {
      continuations = List.copyOf(continuations);
      if (continuations.isEmpty() || continuations.stream().anyMatch(c -> c.length == 0)) {
        throw new IllegalArgumentException("there is nothing to choose, or something empty");
      }
    }

    @Override
    public IntStream tokens() {
      return continuations.stream().flatMapToInt(Arrays::stream);
    }

    @Override
    public boolean endsWithPrompt() {
      return mostNewTokens() == 1;
    }

    @Override
    public int rowsToRead(int promptLength) {
      return Choices.rows(continuations.size());
    }

    @Override
    public int mostNewTokens() {
      return continuations.stream().mapToInt(c -> c.length).max().orElseThrow();
    }
  }

  /**
   * A vector of the last hidden states of the prompt's tokens, after the final norm.
   *
   * @param pooling what is taken of them
   * @param isUnit whether it is scaled to length one
   */
  record Embed(Pooling pooling, boolean isUnit) implements Ask {

    public Embed {
      Objects.requireNonNull(pooling, "pooling");
    }

    /** The mean, of length one. */
    public Embed() {
      this(Pooling.MEAN, true);
    }

    @Override
    public int rowsToRead(int promptLength) {
      return PooledStates.ROWS;
    }
  }
}
