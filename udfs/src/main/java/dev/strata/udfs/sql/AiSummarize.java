package dev.strata.udfs.sql;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import java.util.List;
import java.util.Map;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code ai_summarize}: a summary of so many words, as the model counts them. */
final class AiSummarize extends AiFunction {

  private static final long serialVersionUID = 1L;

  private static final String CONTENT = "content";
  private static final String MAX_WORDS = "max_words";
  private static final int MOST_WORDS = 50;

  AiSummarize() {
    super(
        "ai_summarize",
        "Summarizes a text in at most max_words words; 0 sets no limit.",
        "SELECT ai_summarize(body), ai_summarize(body, max_words => 10) FROM articles");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text(CONTENT), Parameter.number(MAX_WORDS, MOST_WORDS));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    List<String> names = signature().rowNames();
    return new Task(
        prompts.prompt(StrataKeys.SQL_PROMPT_SUMMARIZE, CONTENT, names),
        prompts.prompt(StrataKeys.SQL_PROMPT_SUMMARIZE_UNLIMITED, CONTENT, names));
  }

  private record Task(FunctionPrompt limited, FunctionPrompt unlimited) implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      int most = (Integer) arguments.get(MAX_WORDS);
      Map<String, String> values = TextTask.values(arguments);
      if (most < 0) {
        throw new RowException("max_words is %d; it must be 0 or more".formatted(most));
      }
      return List.of((most == 0 ? unlimited : limited).question(values, SamplingParameters.NONE));
    }

    @Override
    public Object value(List<Answer> answers) {
      return UTF8String.fromString(answers.get(0).completion().text());
    }
  }
}
