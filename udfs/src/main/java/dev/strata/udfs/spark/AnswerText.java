package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.engine.ScoredTokens;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.StopStringScanner;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
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
   * What the engine is asked, which is one thing unless a text is scored in windows.
   *
   * @param context the most tokens of one
   * @throws RowException if an answer to choose, or a text that follows a prompt, has no tokens
   */
  List<AskPart> asks(EncodedQuestion question, long seed, int context) {
    int[] tokens = question.tokens();
    if (question.question().readout() instanceof Readout.Score score) {
      if (question.given() >= tokens.length) {
        throw new RowException(
            "column '%s' adds no token to those of its prompt"
                .formatted(score.continuationColumn()));
      }
      return AskPart.windows(tokens, Math.max(1, question.given()), score.windows(), context);
    }
    return List.of(new AskPart(tokens, ask(question.question(), question.own(), seed)));
  }

  Ask ask(Question question, SamplingOptions own, long seed) {
    Readout readout = question.readout();
    if (readout instanceof Readout.Embed embed) {
      return new Ask.Embed(embed.pooling(), embed.isUnit());
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

  /**
   * What the engine made.
   *
   * @param results one for each of {@link #asks}
   */
  Answer answer(List<RowResult> results, int promptTokens, SamplingOptions own) {
    Optional<RowResult> failed = results.stream().filter(r -> r.error() != null).findFirst();
    if (failed.isPresent()) {
      return Answer.failed(failed.get().error(), promptTokens);
    }
    return results.size() == 1
        ? answer(results.get(0), results.get(0).values(), promptTokens, own)
        : answer(results.get(0), joined(results), promptTokens, own);
  }

  private static float[] joined(List<RowResult> windows) {
    return ScoredTokens.joined(windows.stream().map(w -> ScoredTokens.of(w.values())).toList())
        .values();
  }

  private Answer answer(RowResult result, float[] values, int promptTokens, SamplingOptions own) {
    boolean isRead = result.tokens().length == 0;
    String completion =
        isRead
            ? null
            : StopStringScanner.truncate(text.decode(shown(result, own)), own.stopStrings());
    return new Answer(
        new Completion(completion, result.reason(), promptTokens, result.tokens().length, null),
        values);
  }

  /** All tokens but the stop token. */
  private int[] shown(RowResult result, SamplingOptions own) {
    int[] tokens = result.tokens();
    boolean stopped =
        result.reason() == FinishReason.STOP && stopTokens(own).contains(tokens[tokens.length - 1]);
    return stopped ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
  }
}
