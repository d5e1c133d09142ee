package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.unsafe.types.UTF8String;

/** One question for a row, whose answer is the value. */
record TextTask(FunctionPrompt prompt) implements CallTask {

  @Override
  public List<Question> questions(CallArguments arguments) {
    return List.of(prompt.question(values(arguments), SamplingParameters.NONE));
  }

  /** The arguments as prompts show them. */
  static Map<String, String> values(CallArguments arguments) {
    return values(arguments, Map.of());
  }

  /** The same beside what is shown in the prompts of all rows. */
  static Map<String, String> values(CallArguments arguments, Map<String, String> shown) {
    Map<String, String> values = new TreeMap<>(shown);
    arguments.names().forEach(name -> values.put(name, arguments.text(name)));
    return values;
  }

  @Override
  public Object value(List<Answer> answers) {
    return UTF8String.fromString(answers.get(0).completion().text());
  }
}
