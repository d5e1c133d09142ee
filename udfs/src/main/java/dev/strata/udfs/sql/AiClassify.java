package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.LabelNames;
import dev.strata.udfs.sql.Labels.Label;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * {@code ai_classify}: always one of the labels, the one whose tokens are the likeliest answer.
 * Labels in an array give it as a text, labels in JSON as a VARIANT with all probabilities.
 */
final class AiClassify extends AiFunction {

  private static final long serialVersionUID = 1L;

  static final String LABEL = "label";

  private static final String CONTENT = "content";
  private static final String LABELS = "labels";
  private static final String OPTIONS = "options";

  AiClassify() {
    super(
        "ai_classify",
        "Chooses the label that fits a text best; the result is always one of the labels. Labels as"
            + " an ARRAY<STRING> give a STRING; as JSON, '[\"a\", \"b\"]' or '{\"a\":"
            + " \"description\", ...}', a VARIANT with response, probabilities and error_message."
            + " Options are 'instructions' and, with JSON, 'multilabel'.",
        "SELECT ai_classify(body, array('urgent', 'not urgent')), ai_classify(body,"
            + " '[\"billing\", \"login\", \"other\"]', map('multilabel', 'true')) FROM tickets");
  }

  @Override
  Signature signature() {
    return Signature.of(
        name(),
        Parameter.text(CONTENT),
        Parameter.constant(LABELS, null),
        Parameter.option(OPTIONS, null));
  }

  /** Whether labels are JSON, and so is the result. */
  private static boolean areJson(CallOptions options) {
    return options.constant(LABELS) instanceof String;
  }

  private List<Label> labels(CallOptions options) {
    Object constant = options.constant(LABELS);
    if (constant instanceof String json) {
      return Labels.ofJson(name(), json);
    }
    if (!(constant instanceof List<?>)) {
      throw StrataException.usage(
          "ai_classify: the labels are %s; they must be an ARRAY<STRING>, or a text with JSON",
          constant);
    }
    return Labels.of(constant).stream().map(name -> new Label(name, null)).toList();
  }

  @Override
  void check(CallOptions options) {
    LabelNames.check(name(), names(labels(options)));
    ClassifyOptions.of(options.constant(OPTIONS)).check(areJson(options));
  }

  @Override
  DataType valueType(CallOptions options) {
    return areJson(options) ? DataTypes.VariantType : DataTypes.StringType;
  }

  @Override
  boolean valuesHaveErrors(CallOptions options) {
    return areJson(options);
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    List<Label> labels = labels(options);
    ClassifyOptions own = ClassifyOptions.of(options.constant(OPTIONS));
    SessionPrompts instructed = prompts.after(own.instructions());
    if (own.multiLabel()) {
      return new MultiLabelTask(
          instructed.prompt(StrataKeys.SQL_PROMPT_CLASSIFY_LABEL, CONTENT, List.of(CONTENT, LABEL)),
          labels);
    }
    Map<String, String> shown =
        Map.of(LABELS, labels.stream().map(Label::shown).collect(Collectors.joining(", ")));
    FunctionPrompt prompt =
        instructed.prompt(StrataKeys.SQL_PROMPT_CLASSIFY, CONTENT, List.of(CONTENT, LABELS));
    List<String> names = names(labels);
    return areJson(options)
        ? new LabelTask(prompt, shown, names)
        : new ChoiceTask(prompt, shown, names, texts(names));
  }

  private static List<String> names(List<Label> labels) {
    return labels.stream().map(Label::name).toList();
  }

  /** Answers that are their own values. */
  static List<Object> texts(List<String> answers) {
    return answers.stream().<Object>map(UTF8String::fromString).toList();
  }
}
