package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.decode.RowSeed;
import dev.strata.udfs.text.TemplateArguments;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A question that is not bound to columns of a data set: a prompt and its own options. */
public final class TextQuestion extends Question {

  private final Function<UnaryOperator<String>, RowPrompt> prompt;
  private final SamplingOverrides overrides;
  private final Long seed;
  private final Readout readout;

  private TextQuestion(
      Function<UnaryOperator<String>, RowPrompt> prompt,
      SamplingOverrides overrides,
      Long seed,
      Readout readout) {
    this.prompt = prompt;
    this.overrides = overrides;
    this.seed = seed;
    this.readout = readout;
  }

  /**
   * Asks for the answer to a conversation.
   *
   * @param conversation what is said, given what to do to each text that is the row's own
   * @param arguments what the chat template is given besides, unless {@code sampling} has it
   */
  public static TextQuestion of(
      Function<UnaryOperator<String>, List<Message>> conversation,
      TemplateArguments arguments,
      SamplingParameters sampling) {
    TemplateArguments all = sampling.arguments().over(arguments);
    return new TextQuestion(
        own -> RowPrompt.conversation(conversation.apply(own), all),
        sampling.overrides(),
        sampling.seed(),
        null);
  }

  /** Asks which of some answers to a conversation is how likely. */
  public static TextQuestion choice(
      Function<UnaryOperator<String>, List<Message>> conversation,
      TemplateArguments arguments,
      List<String> answers) {
    return new TextQuestion(
        own -> RowPrompt.conversation(conversation.apply(own), arguments),
        SamplingOverrides.NONE,
        null,
        Readout.choose(answers));
  }

  /** Asks what is to be read of a text itself. */
  public static TextQuestion reading(String text, Readout readout) {
    return new TextQuestion(
        own -> RowPrompt.plain(own.apply(text)), SamplingOverrides.NONE, null, readout);
  }

  @Override
  RowPrompt make(UnaryOperator<String> own) {
    return prompt.apply(own);
  }

  @Override
  Readout readout() {
    return readout;
  }

  @Override
  SamplingOptions sampling(SamplingOptions run) {
    return overrides.applyTo(run);
  }

  /** As that of a row without an id: by what is asked. */
  @Override
  long seed(long run, SamplingOptions own) {
    return own.isGreedy() || readout != null
        ? 0
        : RowSeed.of(seed == null ? run : seed, ContentId.of(prompt(), own));
  }
}
