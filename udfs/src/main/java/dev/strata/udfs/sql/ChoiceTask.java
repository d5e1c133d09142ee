package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import java.util.List;
import java.util.Map;

/** One question for a row, whose value is the likeliest of some answers. */
record ChoiceTask(FunctionPrompt prompt, List<String> answers, List<Object> values)
    implements CallTask {

  @Override
  public List<Question> questions(CallArguments arguments) {
    Map<String, String> shown = TextTask.values(arguments);
    shown.put(AiClassify.LABELS, String.join(", ", answers));
    return List.of(prompt.choice(shown, answers));
  }

  @Override
  public Object value(List<Answer> chosen) {
    return values.get(likeliest(chosen.get(0).values()));
  }

  /** The first of the largest. */
  private static int likeliest(float[] logProbabilities) {
    int best = 0;
    for (int i = 1; i < logProbabilities.length; i++) {
      best = logProbabilities[i] > logProbabilities[best] ? i : best;
    }
    return best;
  }
}
