package dev.strata.udfs.sql;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** {@code ai_count_tokens}: how many tokens a text has for the model. Needs no engine. */
final class AiCountTokens extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiCountTokens() {
    super(
        "ai_count_tokens",
        "Counts the tokens of a text as the model reads it, without those that a prompt adds.",
        "SELECT ai_count_tokens(body) FROM articles");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"));
  }

  @Override
  DataType valueType(CallOptions options) {
    return DataTypes.IntegerType;
  }

  @Override
  boolean needsEngine() {
    return false;
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    throw new UnsupportedOperationException("tokens are counted without questions");
  }
}
