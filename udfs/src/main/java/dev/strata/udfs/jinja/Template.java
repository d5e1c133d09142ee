package dev.strata.udfs.jinja;

import java.util.List;
import java.util.Map;

/**
 * A parsed chat template. It renders as Python's jinja2 does in the environment that Hugging Face's
 * transformers sets up: sandboxed, {@code trim_blocks}, {@code lstrip_blocks}, loop controls and
 * the {@code generation} tag. Immutable, so that threads may share one.
 */
public final class Template {
  private final List<Statement> body;

  private Template(List<Statement> body) {
    this.body = body;
  }

  /**
   * Parses a template within {@link Limits#DEFAULT}.
   *
   * @throws TemplateException if the source is no template, or uses tags that need other templates
   */
  public static Template parse(String source) {
    return parse(source, Limits.DEFAULT);
  }

  /** As {@link #parse(String)}, within the given limits on length and nesting. */
  public static Template parse(String source, Limits limits) {
    if (source.length() > limits.sourceChars()) {
      throw new TemplateException(
          "template of "
              + source.length()
              + " characters is over the limit of "
              + limits.sourceChars(),
          1);
    }
    try {
      return new Template(
          new StatementParser(new Lexer(source).tokenize(), limits).parseTemplate());
    } catch (StackOverflowError e) {
      throw new TemplateException("template is nested too deeply", 1);
    }
  }

  /**
   * Renders the template. A variable is null, a Boolean, an Integer, a Long, a Double, a String, or
   * a List or a Map with String keys of such values; {@code null} is Python's None, which differs
   * from an absent variable.
   *
   * @throws TemplateException if the template fails, raises, or exceeds a limit
   */
  public String render(Map<String, Object> variables, RenderOptions options) {
    Budget budget = new Budget(options.limits());
    budget.beginRender();
    try {
      Environment environment = new Environment(budget, options.clock());
      Scope globals = new Scope(environment, null);
      environment.globals().forEach(globals::set);
      variables.forEach((name, value) -> globals.set(name, environment.importValue(value)));
      StringBuilder output = new StringBuilder();
      Statement.executeAll(body, globals.child(), output);
      return output.toString();
    } catch (TemplateException e) {
      throw e.atLine(budget.line());
    } catch (StackOverflowError e) {
      throw new TemplateException("template recursion limit exceeded", budget.line());
    } finally {
      Budget.endRender();
    }
  }
}
