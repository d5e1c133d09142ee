package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.StopStringScanner;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/** What the engine is asked for a question, and the answer that it gives. */
record AnswerText(ModelText text, Set<Integer> stopTokens, Continuations continuations) {

  static AnswerText of(ModelText text, Set<Integer> stopTokens) {
    int[] end =
        text.endToken()
            .filter(stopTokens::contains)
            .map(IntStream::of)
            .orElseGet(() -> stopTokens.stream().sorted().limit(1).mapToInt(Integer::intValue))
            .toArray();
    return new AnswerText(text, stopTokens, new Continuations(text, end));
  }

  /**
   * What the engine is asked.
   *
   * @throws dev.strata.udfs.api.RowException if an answer to choose has no tokens
   */
  Ask ask(Question question, SamplingOptions own, long seed) {
    Readout readout = question.readout();
    if (readout instanceof Readout.Score) {
      return new Ask.Score(1);
    }
    if (readout instanceof Readout.Embed) {
      return new Ask.Embed();
    }
    return readout instanceof Readout.Choose choose
        ? new Ask.Choose(continuations.of(question.prompt(), choose.texts()))
        : new Ask.Generate(own, seed, stopCondition(own), null);
  }

  /** What ends an answer besides its length. */
  private StopCondition stopCondition(SamplingOptions own) {
    StopCondition tokens = StopCondition.tokens(stopTokens(own));
    return own.stopStrings().isEmpty()
        ? tokens
        : tokens.or(new StopStringScanner(text, own.stopStrings())::stops);
  }

  private Set<Integer> stopTokens(SamplingOptions own) {
    Set<Integer> models = own.ignoreStopTokens() ? Set.of() : stopTokens;
    if (own.stopTokenIds().isEmpty()) {
      return models;
    }
    Set<Integer> all = new HashSet<>(models);
    all.addAll(own.stopTokenIds());
    return all;
  }

  /** What the engine made. */
  Answer answer(RowResult result, int promptTokens, SamplingOptions own) {
    if (result.error() != null) {
      return Answer.failed(result.error(), promptTokens);
    }
    boolean isRead = result.tokens().length == 0;
    String completion =
        isRead
            ? null
            : StopStringScanner.truncate(text.decode(shown(result, own)), own.stopStrings());
    return new Answer(
        new Completion(completion, result.reason(), promptTokens, result.tokens().length, null),
        result.values());
  }

  /** All tokens but the stop token. */
  private int[] shown(RowResult result, SamplingOptions own) {
    int[] tokens = result.tokens();
    boolean stopped =
        result.reason() == FinishReason.STOP && stopTokens(own).contains(tokens[tokens.length - 1]);
    return stopped ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
  }
}
