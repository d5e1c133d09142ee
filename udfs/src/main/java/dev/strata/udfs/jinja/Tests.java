package dev.strata.udfs.jinja;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tests, which follow the word {@code is}. */
final class Tests {
  static final Set<String> UNARY =
      Set.of(
          "boolean",
          "callable",
          "defined",
          "escaped",
          "even",
          "false",
          "filter",
          "float",
          "integer",
          "iterable",
          "lower",
          "mapping",
          "none",
          "number",
          "odd",
          "sequence",
          "string",
          "test",
          "true",
          "undefined",
          "upper");

  static final Set<String> BINARY =
      Set.of(
          "!=",
          "<",
          "<=",
          "==",
          ">",
          ">=",
          "divisibleby",
          "eq",
          "equalto",
          "ge",
          "greaterthan",
          "gt",
          "in",
          "le",
          "lessthan",
          "lt",
          "ne",
          "sameas");

  private final Environment environment;

  Tests(Environment environment) {
    this.environment = environment;
  }

  static boolean exists(String name) {
    return UNARY.contains(name) || BINARY.contains(name);
  }

  boolean check(String name, Object value, Arguments arguments) {
    environment.budget().read(value);
    if (UNARY.contains(name)) {
      arguments.bindNone(name);
      boolean arithmetic = Numbers.isNumber(value) || name.equals("odd") || name.equals("even");
      return arithmetic ? checkNumber(name, value) : checkObject(name, Values.unwrap(value), value);
    }
    if (!BINARY.contains(name)) {
      throw new TemplateException("No test named '" + name + "' found.");
    }
    return compare(name, value, arguments.bind(name, 1, "/other").get(0));
  }

  private boolean checkNumber(String name, Object value) {
    return switch (name) {
      case "odd" -> remainder(value, 2L, 1L);
      case "even" -> remainder(value, 2L, 0L);
      case "integer" -> Values.isIntegerValue(value);
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      default -> name.equals("number") || name.equals("defined");
    };
  }

  private boolean remainder(Object value, Object divisor, long expected) {
    Object remainder = environment.arithmetic().apply(ArithmeticOperator.MODULO, value, divisor);
    return environment.comparisons().equal(remainder, expected);
  }

  private boolean checkObject(String name, Object plain, Object value) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == null;
      case "string" -> plain instanceof String;
      case "escaped" -> value instanceof Markup;
      case "mapping" -> value instanceof Map;
      case "callable" -> value instanceof Invocable;
      case "sequence" -> isSequence(plain);
      case "iterable" ->
          isSequence(plain)
              || plain instanceof Collection
              || plain instanceof Generator
              || plain instanceof LoopContext;
      case "lower" -> CharacterClasses.isLower(environment.text(value));
      case "upper" -> CharacterClasses.isUpper(environment.text(value));
      case "filter" -> Filters.exists(environment.text(value));
      case "test" -> exists(environment.text(value));
      default -> false;
    };
  }

  private static boolean isSequence(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Map
        || value instanceof Range
        || value instanceof Undefined;
  }

  private boolean compare(String name, Object value, Object other) {
    Comparisons comparisons = environment.comparisons();
    return switch (name) {
      case "==", "eq", "equalto" -> comparisons.equal(value, other);
      case "!=", "ne" -> !comparisons.equal(value, other);
      case "<", "lt", "lessthan" -> comparisons.holds(ComparisonOperator.LESS, value, other);
      case "<=", "le" -> comparisons.holds(ComparisonOperator.LESS_OR_EQUAL, value, other);
      case ">", "gt", "greaterthan" -> comparisons.holds(ComparisonOperator.GREATER, value, other);
      case ">=", "ge" -> comparisons.holds(ComparisonOperator.GREATER_OR_EQUAL, value, other);
      case "in" -> comparisons.contains(other, value);
      case "divisibleby" -> remainder(value, other, 0L);
      default -> isSame(value, other);
    };
  }

  /** Python's identity: small values that are equal are one object there. */
  private boolean isSame(Object value, Object other) {
    boolean sameType = Values.typeName(value).equals(Values.typeName(other));
    boolean small = value instanceof String || Numbers.isInteger(value);
    return value == other || (sameType && small && environment.comparisons().equal(value, other));
  }
}
