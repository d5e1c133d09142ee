package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code ai_classify}: always one of the labels, the one whose tokens are the likeliest answer. */
final class AiClassify extends AiFunction {

  private static final long serialVersionUID = 1L;

  static final String LABELS = "labels";

  private static final String CONTENT = "content";

  AiClassify() {
    super(
        "ai_classify",
        "Chooses the label that fits a text best; the result is always one of the labels.",
        "SELECT ai_classify(body, array('urgent', 'not urgent')) FROM tickets");
  }

  @Override
  Signature signature() {
    return Signature.of(
        name(),
        Parameter.text(CONTENT),
        Parameter.constant(LABELS, DataTypes.createArrayType(DataTypes.StringType)));
  }

  @Override
  void check(CallOptions options) {
    Labels.check(name(), Labels.of(options.constant(LABELS)));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    List<String> labels = Labels.of(options.constant(LABELS));
    return new ChoiceTask(
        prompts.prompt(StrataKeys.SQL_PROMPT_CLASSIFY, CONTENT, List.of(CONTENT, LABELS)),
        labels,
        texts(labels));
  }

  /** Answers that are their own values. */
  static List<Object> texts(List<String> answers) {
    return answers.stream().<Object>map(UTF8String::fromString).toList();
  }
}
