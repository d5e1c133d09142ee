package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.decode.RowSeed;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A question that is not bound to columns of a data set: a conversation and its own options. */
public final class TextQuestion extends Question {

  private final Function<UnaryOperator<String>, List<Message>> conversation;
  private final SamplingOverrides overrides;
  private final Long seed;

  /**
   * @param conversation what is said, given what to do to each text that is the row's own
   * @param seed takes the run's place; null for the run's
   */
  public TextQuestion(
      Function<UnaryOperator<String>, List<Message>> conversation,
      SamplingOverrides overrides,
      Long seed) {
    this.conversation = conversation;
    this.overrides = overrides;
    this.seed = seed;
  }

  @Override
  RowPrompt make(UnaryOperator<String> own) {
    return RowPrompt.conversation(conversation.apply(own));
  }

  @Override
  SamplingOptions sampling(SamplingOptions run) {
    return overrides.applyTo(run);
  }

  /** As that of a row without an id: by what is asked. */
  @Override
  long seed(long run, SamplingOptions own) {
    return own.isGreedy()
        ? 0
        : RowSeed.of(seed == null ? run : seed, ContentId.of(prompt().messages(), own));
  }
}
