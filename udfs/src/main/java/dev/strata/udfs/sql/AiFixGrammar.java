package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;

/** {@code ai_fix_grammar}: the text without its errors. */
final class AiFixGrammar extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiFixGrammar() {
    super(
        "ai_fix_grammar",
        "Corrects the grammar and spelling of a text.",
        "SELECT ai_fix_grammar('This sentence have some mistake')");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new TextTask(
        prompts.prompt(StrataKeys.SQL_PROMPT_FIX_GRAMMAR, "content", signature().rowNames()));
  }
}
