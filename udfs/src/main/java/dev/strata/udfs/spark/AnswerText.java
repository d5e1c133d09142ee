package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.GenerationResult;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.StopStringScanner;
import java.util.Arrays;
import java.util.Set;

/** What ends an answer, and its text. */
record AnswerText(ModelText text, Set<Integer> stopTokens) {

  /** What ends an answer besides its length. */
  StopCondition stopCondition(SamplingOptions own) {
    StopCondition tokens =
        own.ignoreStopTokens() ? StopCondition.never() : StopCondition.tokens(stopTokens);
    return own.stopStrings().isEmpty()
        ? tokens
        : tokens.or(new StopStringScanner(text, own.stopStrings())::stops);
  }

  /** What the engine made, as a text. */
  Completion completion(GenerationResult result, int promptTokens, SamplingOptions own) {
    if (result.error() != null) {
      return Completion.failed(result.error(), promptTokens);
    }
    String completion =
        StopStringScanner.truncate(text.decode(shown(result, own)), own.stopStrings());
    return new Completion(completion, result.reason(), promptTokens, result.tokens().length, null);
  }

  /** All tokens but the stop token. */
  private int[] shown(GenerationResult result, SamplingOptions own) {
    int[] tokens = result.tokens();
    boolean stopped =
        result.reason() == FinishReason.STOP
            && !own.ignoreStopTokens()
            && stopTokens.contains(tokens[tokens.length - 1]);
    return stopped ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
  }
}
