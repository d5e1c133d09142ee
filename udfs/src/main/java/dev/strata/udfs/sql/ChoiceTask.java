package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import java.util.List;
import java.util.Map;

/**
 * One question for a row, whose value is the likeliest of some answers.
 *
 * @param shown what prompts show besides the row's arguments, by the names of placeholders
 */
record ChoiceTask(
    FunctionPrompt prompt, Map<String, String> shown, List<String> answers, List<Object> values)
    implements CallTask {

  @Override
  public List<Question> questions(CallArguments arguments) {
    return List.of(prompt.choice(TextTask.values(arguments, shown), answers));
  }

  @Override
  public Object value(List<Answer> chosen) {
    return values.get(Likelihoods.best(chosen.get(0).values()));
  }
}
