package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import java.util.Map;

/** {@code ai_analyze_sentiment}: one of four words. */
final class AiAnalyzeSentiment extends AiFunction {

  private static final long serialVersionUID = 1L;

  private static final List<String> WORDS = List.of("positive", "negative", "neutral", "mixed");

  AiAnalyzeSentiment() {
    super(
        "ai_analyze_sentiment",
        "Tells whether a text is positive, negative, neutral or mixed.",
        "SELECT ai_analyze_sentiment(review) FROM reviews");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new ChoiceTask(
        prompts.prompt(StrataKeys.SQL_PROMPT_SENTIMENT, "content", signature().rowNames()),
        Map.of(),
        WORDS,
        AiClassify.texts(WORDS));
  }
}
