package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A question for each label, whether it fits: those of a probability of 0.5 and more do. */
record MultiLabelTask(FunctionPrompt prompt, List<Labels.Label> labels) implements CallTask {

  private static final double LEAST = 0.5;

  @Override
  public List<Question> questions(CallArguments arguments) {
    return labels.stream().map(label -> question(arguments, label)).toList();
  }

  private Question question(CallArguments arguments, Labels.Label label) {
    Map<String, String> shown = Map.of(AiClassify.LABEL, label.shown());
    return prompt.choice(TextTask.values(arguments, shown), AiFilter.YES_OR_NO);
  }

  @Override
  public Object value(List<Answer> answers) {
    List<String> chosen = new ArrayList<>();
    Map<String, Double> probabilities = new LinkedHashMap<>();
    for (int i = 0; i < answers.size(); i++) {
      double yes = Likelihoods.parts(answers.get(i).values())[0];
      probabilities.put(labels.get(i).name(), yes);
      if (yes >= LEAST) {
        chosen.add(labels.get(i).name());
      }
    }
    return Classification.of(chosen, probabilities);
  }

  @Override
  public Object failed(String error) {
    return Classification.failed(error);
  }
}
