package dev.strata.udfs.sql;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import dev.strata.udfs.text.TaskPrompts;
import java.util.List;
import java.util.Map;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code ai_translate}: asks as the job's {@code translate} does. */
final class AiTranslate extends AiFunction {

  private static final long serialVersionUID = 1L;

  private static final String CONTENT = "content";
  private static final String TO_LANG = "to_lang";

  AiTranslate() {
    super(
        "ai_translate",
        "Translates a text to a language, given by its English name or its code.",
        "SELECT ai_translate(body, 'fr'), ai_translate(body, 'Brazilian Portuguese') FROM articles");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text(CONTENT), Parameter.text(TO_LANG));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new Task(
        prompts.prompt(StrataKeys.SQL_PROMPT_TRANSLATE, CONTENT, signature().rowNames()));
  }

  private record Task(FunctionPrompt prompt) implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      Map<String, String> values = TextTask.values(arguments);
      if (values.get(TO_LANG).isBlank()) {
        throw new RowException("to_lang is empty");
      }
      values.put(TO_LANG, TaskPrompts.language(values.get(TO_LANG)));
      return List.of(prompt.question(values, SamplingParameters.NONE));
    }

    @Override
    public Object value(List<Answer> answers) {
      return UTF8String.fromString(answers.get(0).completion().text());
    }
  }
}
