package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One question for a row, which label fits best; the value has the probabilities of all. */
record LabelTask(FunctionPrompt prompt, Map<String, String> shown, List<String> names)
    implements CallTask {

  @Override
  public List<Question> questions(CallArguments arguments) {
    return List.of(prompt.choice(TextTask.values(arguments, shown), names));
  }

  @Override
  public Object value(List<Answer> answers) {
    float[] logProbabilities = answers.get(0).values();
    double[] parts = Likelihoods.parts(logProbabilities);
    Map<String, Double> probabilities = new LinkedHashMap<>();
    for (int i = 0; i < parts.length; i++) {
      probabilities.put(names.get(i), parts[i]);
    }
    int best = Likelihoods.best(logProbabilities);
    return Classification.of(names.get(best), probabilities, logProbabilities[best]);
  }

  @Override
  public Object failed(String error) {
    return Classification.failed(error);
  }
}
