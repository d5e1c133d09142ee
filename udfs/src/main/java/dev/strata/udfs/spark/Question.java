package dev.strata.udfs.spark;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.SamplingOptions;
import java.util.function.UnaryOperator;

/**
 * What is asked of the model: a prompt, how tokens are chosen, a seed. The prompt is made when it
 * is first wanted, and once unless texts are cut.
 */
public abstract class Question {

  /** What readers put in the place of bytes that are none in the encoding they were told. */
  private static final char REPLACEMENT = '\uFFFD';

  private RowPrompt whole;
  private boolean isUndecoded;

  /**
   * Makes the prompt.
   *
   * @param own what to do to each text that is the row's own
   */
  abstract RowPrompt make(UnaryOperator<String> own);

  /**
   * The run's options with what the question has of its own.
   *
   * @throws dev.strata.udfs.api.RowException if one makes no sense
   */
  abstract SamplingOptions sampling(SamplingOptions run);

  /**
   * The question's own seed, 0 where no numbers are drawn.
   *
   * @param run the run's seed
   * @throws dev.strata.udfs.api.RowException if the row brings one that is no number
   */
  abstract long seed(long run, SamplingOptions own);

  /** The id of the row that asks; null if it has none. */
  String id() {
    return null;
  }

  /** The most tokens that shall fit the context behind the prompt. */
  final int newTokens(SamplingOptions own) {
    boolean isReadAlone = readout() instanceof Readout.Score || readout() instanceof Readout.Embed;
    return isReadAlone ? 0 : own.maxNewTokens();
  }

  /**
   * Whether its texts may be cut to fit the context. What is scored behind a prompt or in windows
   * is scored whole.
   */
  final boolean mayBeCut() {
    return !(readout() instanceof Readout.Score score
        && (score.continuationColumn() != null || score.windows() != null));
  }

  /** What is read from the model; null where new tokens are wanted. */
  Readout readout() {
    return null;
  }

  /**
   * The prompt.
   *
   * @throws dev.strata.udfs.api.RowException if there is none to be made of the row
   */
  final RowPrompt prompt() {
    if (whole == null) {
      whole = make(this::looked);
    }
    return whole;
  }

  /**
   * The prompt of texts that are cut, which is the whole one if no text was.
   *
   * @param cut returns a text that it does not cut itself
   * @throws dev.strata.udfs.api.RowException if there is none to be made of the row
   */
  final RowPrompt prompt(UnaryOperator<String> cut) {
    boolean[] isCut = new boolean[1];
    RowPrompt prompt =
        make(
            own -> {
              String kept = cut.apply(looked(own));
              isCut[0] |= kept.length() < own.length();
              return kept;
            });
    if (!isCut[0]) {
      whole = prompt;
    }
    return prompt;
  }

  private String looked(String own) {
    isUndecoded |= own.indexOf(REPLACEMENT) >= 0;
    return own;
  }

  /** Whether a text of the prompt, once that was made, has bytes that were no characters. */
  final boolean isUndecoded() {
    return isUndecoded;
  }
}
