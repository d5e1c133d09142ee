package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** {@code ai_filter}: whether yes is a likelier answer than no. */
final class AiFilter extends AiFunction {

  private static final long serialVersionUID = 1L;

  static final List<String> YES_OR_NO = List.of("yes", "no");

  AiFilter() {
    super(
        "ai_filter",
        "Answers a question by yes or no: whether yes is the likelier answer.",
        "SELECT * FROM reviews WHERE ai_filter('Is this about a hotel? ' || review)");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("prompt"));
  }

  @Override
  DataType valueType(CallOptions options) {
    return DataTypes.BooleanType;
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new ChoiceTask(
        prompts.prompt(StrataKeys.SQL_PROMPT_FILTER, "prompt", signature().rowNames()),
        Map.of(),
        YES_OR_NO,
        List.of(true, false));
  }
}
