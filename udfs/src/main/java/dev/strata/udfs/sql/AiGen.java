package dev.strata.udfs.sql;

/** {@code ai_gen}: whatever the prompt says. */
final class AiGen extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiGen() {
    super(
        "ai_gen",
        "Answers a prompt.",
        "SELECT ai_gen('Name a color.'), ai_gen('Describe: ' || name) FROM products");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("prompt"));
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new TextTask(prompts.bare("prompt"));
  }
}
