package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.LabelNames;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code ai_extract}: a struct with a text for each label, which is asked for by itself. */
final class AiExtract extends AiFunction {

  private static final long serialVersionUID = 1L;

  private static final String CONTENT = "content";
  private static final String LABEL = "label";
  private static final String LABELS = "labels";

  AiExtract() {
    super(
        "ai_extract",
        "Finds what the labels name; the result has a field for each, NULL where there is none.",
        "SELECT ai_extract('Jane lives in Rome.', array('person', 'city'))");
  }

  @Override
  Signature signature() {
    return Signature.of(
        name(),
        Parameter.text(CONTENT),
        Parameter.constant(LABELS, DataTypes.createArrayType(DataTypes.StringType)));
  }

  private static List<String> labels(CallOptions options) {
    return Labels.of(options.constant(LABELS));
  }

  @Override
  void check(CallOptions options) {
    LabelNames.check(name(), labels(options));
  }

  @Override
  DataType valueType(CallOptions options) {
    StructType type = new StructType();
    for (String label : labels(options)) {
      type = type.add(label, DataTypes.StringType);
    }
    return type;
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new Task(
        prompts.prompt(StrataKeys.SQL_PROMPT_EXTRACT, CONTENT, List.of(CONTENT, LABEL)),
        labels(options));
  }

  private record Task(FunctionPrompt prompt, List<String> labels) implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      return labels.stream().map(label -> question(arguments.text(CONTENT), label)).toList();
    }

    private Question question(String content, String label) {
      return prompt.question(Map.of(CONTENT, content, LABEL, label), SamplingParameters.NONE);
    }

    @Override
    public Object value(List<Answer> answers) {
      return new GenericInternalRow(answers.stream().map(Task::found).toArray());
    }

    private static Object found(Answer answer) {
      String text = answer.completion().text().strip();
      boolean isNothing = text.isEmpty() || text.matches("(?i)(none|null|n/a)\\.?");
      return isNothing ? null : UTF8String.fromString(text);
    }
  }
}
