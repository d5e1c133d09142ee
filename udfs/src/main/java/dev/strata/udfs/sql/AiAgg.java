package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import org.apache.spark.sql.types.DataTypes;

/** {@code ai_agg}: what an instruction makes of all texts of a group, however many they are. */
final class AiAgg extends AiFunction {

  private static final long serialVersionUID = 1L;

  static final String CONTENT = "content";
  static final String INSTRUCTION = "instruction";

  AiAgg() {
    super(
        "ai_agg",
        "An aggregate: follows an instruction over all texts of a group. Where they are more than a"
            + " prompt can hold it is asked for notes on parts of them, and then of the notes.",
        "SELECT product, ai_agg(review, 'What do customers complain about?') FROM reviews GROUP BY"
            + " product");
  }

  @Override
  Signature signature() {
    return Signature.of(
        name(), Parameter.text(CONTENT), Parameter.constant(INSTRUCTION, DataTypes.StringType));
  }

  @Override
  boolean isAggregate() {
    return true;
  }

  @Override
  void check(CallOptions options) {
    if (instruction(options).isBlank()) {
      throw StrataException.usage("ai_agg: the instruction is empty");
    }
  }

  private static String instruction(CallOptions options) {
    return options.constant(INSTRUCTION).toString();
  }

  /** What is asked for a call, whose options were checked. */
  AggregatePrompts prompts(CallOptions options, SessionPrompts prompts) {
    List<String> names = List.of(CONTENT, INSTRUCTION);
    return new AggregatePrompts(
        instruction(options),
        prompts.prompt(StrataKeys.SQL_PROMPT_AGG, CONTENT, names),
        prompts.prompt(StrataKeys.SQL_PROMPT_AGG_PART, CONTENT, names),
        prompts.prompt(StrataKeys.SQL_PROMPT_AGG_NOTES, CONTENT, names));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    throw new UnsupportedOperationException("rows of an aggregate have no questions of their own");
  }
}
