package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;

/** {@code ai_mask}: the text with some kinds of things replaced by {@code [MASKED]}. */
final class AiMask extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiMask() {
    super(
        "ai_mask",
        "Replaces what the labels name, such as 'person' or 'email', by [MASKED].",
        "SELECT ai_mask('Jane lives in Rome.', array('person', 'address'))");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"), Parameter.texts("labels"));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new TextTask(
        prompts.prompt(StrataKeys.SQL_PROMPT_MASK, "content", signature().rowNames()));
  }
}
