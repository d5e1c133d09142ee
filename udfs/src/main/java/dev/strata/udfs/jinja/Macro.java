package dev.strata.udfs.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro, or the body of a call block, bound to the scope in which it was defined. */
record Macro(Signature signature, List<Statement> body, Scope definition) implements Invocable {

  /**
   * @param defaultValue the parameter's default, or null
   */
  record Parameter(String name, Expression defaultValue) {}

  /**
   * What a macro takes. Surplus arguments are accepted only if the body reads the names under which
   * it gets them.
   */
  record Signature(
      String name,
      List<Parameter> parameters,
      boolean readsVarargs,
      boolean readsKwargs,
      boolean readsCaller) {

    boolean hasCallerParameter() {
      return parameters.stream().anyMatch(parameter -> parameter.name.equals("caller"));
    }
  }

  @Override
  public Object invoke(Arguments arguments) {
    Scope scope = definition.child();
    Budget budget = scope.budget();
    budget.enter();
    bind(arguments, scope);
    StringBuilder output = new StringBuilder();
    Statement.executeAll(body, scope, output);
    budget.leave();
    return output.toString();
  }

  private void bind(Arguments arguments, Scope scope) {
    List<Object> positional = arguments.positional();
    Map<String, Object> unused = new LinkedHashMap<>(arguments.keywords());
    List<Parameter> parameters = signature.parameters;
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      Object value =
          i < positional.size() ? positional.get(i) : keywordOrDefault(parameter, unused, scope);
      scope.set(parameter.name, value);
    }
    if (signature.readsCaller && !signature.hasCallerParameter()) {
      Object caller = unused.remove("caller");
      scope.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    bindSurplus(positional, unused, scope);
  }

  private static Object keywordOrDefault(
      Parameter parameter, Map<String, Object> unused, Scope scope) {
    if (unused.containsKey(parameter.name)) {
      return unused.remove(parameter.name);
    }
    return parameter.defaultValue == null
        ? new Undefined("parameter '" + parameter.name + "' was not provided")
        : parameter.defaultValue.evaluate(scope);
  }

  private void bindSurplus(List<Object> positional, Map<String, Object> unused, Scope scope) {
    int taken = Math.min(positional.size(), signature.parameters.size());
    if (signature.readsKwargs) {
      scope.set("kwargs", unused);
    } else if (!unused.isEmpty()) {
      throw new TemplateException(
          "macro '%s' takes no keyword argument '%s'"
              .formatted(signature.name, unused.keySet().iterator().next()));
    }
    if (signature.readsVarargs) {
      scope.set("varargs", new Tuple(positional.subList(taken, positional.size())));
    } else if (positional.size() > taken) {
      throw new TemplateException(
          "macro '%s' takes not more than %d argument(s)".formatted(signature.name, taken));
    }
  }

  Object attribute(String attribute) {
    return switch (attribute) {
      case "name" -> signature.name;
      case "arguments" ->
          new Tuple(signature.parameters.stream().<Object>map(Parameter::name).toList());
      case "catch_varargs" -> signature.readsVarargs;
      case "catch_kwargs" -> signature.readsKwargs;
      case "caller" -> signature.readsCaller;
      default -> Undefined.attribute(this, attribute);
    };
  }
}
