package dev.strata.udfs.sql;

import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataTypes;

/** The parameters of a function, and how arguments are bound to them. */
final class Signature {

  static final String MODEL = "model";
  static final String FAIL_ON_ERROR = "failOnError";

  private final String function;
  private final List<Parameter> positional;
  private final List<Parameter> named;

  private Signature(String function, List<Parameter> positional, List<Parameter> named) {
    this.function = function;
    this.positional = positional;
    this.named = named;
  }

  /**
   * A function's own parameters, which may be given by place or by name; each function has {@code
   * failOnError} and {@code model} besides, by name alone.
   */
  static Signature of(String function, Parameter... own) {
    List<Parameter> positional = List.of(own);
    List<Parameter> named = new ArrayList<>();
    named.add(Parameter.option(FAIL_ON_ERROR, DataTypes.BooleanType));
    if (positional.stream().noneMatch(p -> p.name().equals(MODEL))) {
      named.add(Parameter.option(MODEL, DataTypes.StringType));
    }
    return new Signature(function, positional, named);
  }

  private Stream<Parameter> all() {
    return Stream.concat(positional.stream(), named.stream());
  }

  private Stream<Parameter> ofRows() {
    return all().filter(p -> !p.isConstant());
  }

  /** The types of arguments that are evaluated for each row. */
  List<AbstractDataType> rowTypes() {
    return ofRows().<AbstractDataType>map(Parameter::type).toList();
  }

  /** The names of arguments that are evaluated for each row. */
  List<String> rowNames() {
    return ofRows().map(Parameter::name).toList();
  }

  /**
   * A call with these arguments.
   *
   * @throws StrataException if they do not fit
   */
  AiCall call(AiFunction callee, List<Expression> arguments) {
    Map<String, Expression> given = byName(arguments);
    List<Expression> ofRows = new ArrayList<>();
    Map<String, Serializable> constants = new LinkedHashMap<>();
    for (Parameter parameter : all().toList()) {
      Expression argument = given.get(parameter.name());
      if (argument == null && parameter.isRequired()) {
        throw wrong("has no argument " + parameter.name());
      }
      if (!parameter.isConstant()) {
        ofRows.add(
            argument == null ? Literal$.MODULE$.apply((Object) parameter.otherwise()) : argument);
      } else if (argument != null) {
        constants.put(parameter.name(), Constants.value(function, parameter, argument));
      }
    }
    Boolean failOnError = (Boolean) constants.remove(FAIL_ON_ERROR);
    String model = (String) constants.remove(MODEL);
    return new AiCall(callee, CallOptions.of(model, failOnError, constants), Scalas.seq(ofRows));
  }

  private Map<String, Expression> byName(List<Expression> arguments) {
    Map<String, Expression> given = new LinkedHashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      Expression argument = arguments.get(i);
      String name;
      if (argument instanceof NamedArgumentExpression byName) {
        name = parameterOf(byName.key());
        argument = byName.value();
      } else if (i < positional.size()) {
        name = positional.get(i).name();
      } else {
        throw wrong("has %d arguments by place, at most %d".formatted(i + 1, positional.size()));
      }
      if (given.put(name, argument) != null) {
        throw wrong("has the argument " + name + " twice");
      }
    }
    return given;
  }

  private String parameterOf(String key) {
    List<String> names = all().map(Parameter::name).toList();
    return names.stream()
        .filter(name -> name.equalsIgnoreCase(key))
        .findFirst()
        .orElseThrow(
            () -> wrong("has no parameter '%s'%s".formatted(key, Nearest.hint(key, names))));
  }

  private StrataException wrong(String what) {
    return StrataException.usage("%s %s; it is %s", function, what, this);
  }

  /** As documentation has it, such as {@code ai_translate(content STRING, to_lang STRING)}. */
  @Override
  public String toString() {
    String own = listed(positional.stream().filter(Parameter::isRequired));
    String optional =
        Stream.concat(positional.stream().filter(p -> !p.isRequired()), named.stream())
            .map(p -> (own.isEmpty() ? "[" : "[, ") + (named.contains(p) ? byName(p) : p) + "]")
            .collect(Collectors.joining(" "));
    return function + "(" + own + (optional.isEmpty() ? "" : " " + optional) + ")";
  }

  private static String byName(Parameter parameter) {
    return parameter.name() + " => " + parameter.type().sql();
  }

  private static String listed(Stream<Parameter> parameters) {
    return parameters.map(Parameter::toString).collect(Collectors.joining(", "));
  }
}
