package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An expression of a template. */
sealed interface Expression {

  /** How much the clock counts for a node, as much as for a step. */
  int WORK = 16;

  /** The value; every node's work is reported, since one step may have very many nodes. */
  default Object evaluate(Scope scope) {
    scope.budget().work(WORK);
    return compute(scope);
  }

  Object compute(Scope scope);

  record Constant(Object value) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return value;
    }
  }

  record Name(String name) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return scope.get(name);
    }
  }

  record ListLiteral(List<Expression> elements) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return evaluateAll(elements, scope);
    }
  }

  record TupleLiteral(List<Expression> elements) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return new Tuple(evaluateAll(elements, scope));
    }
  }

  record DictLiteral(List<Entry> entries, int line) implements Expression {

    record Entry(Expression key, Expression value) {}

    @Override
    public Object compute(Scope scope) {
      scope.budget().step(line);
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Entry entry : entries) {
        Object key = Values.requireKey(entry.key.evaluate(scope));
        Values.put(map, key, entry.value.evaluate(scope));
      }
      return map;
    }
  }

  record Conditional(Expression test, Expression whenTrue, Expression whenFalse)
      implements Expression {
    @Override
    public Object compute(Scope scope) {
      if (Values.isTrue(test.evaluate(scope))) {
        return whenTrue.evaluate(scope);
      }
      return whenFalse == null
          ? new Undefined(
              "the inline if-expression evaluated to false and no else section was defined.")
          : whenFalse.evaluate(scope);
    }
  }

  record Or(Expression left, Expression right) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = left.evaluate(scope);
      return Values.isTrue(value) ? value : right.evaluate(scope);
    }
  }

  record And(Expression left, Expression right) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = left.evaluate(scope);
      return Values.isTrue(value) ? right.evaluate(scope) : value;
    }
  }

  record Not(Expression operand) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return !Values.isTrue(operand.evaluate(scope));
    }
  }

  /** One link of a comparison. */
  record Comparand(ComparisonOperator operator, Expression operand) {}

  /**
   * {@code first op a op b …}: every neighbouring pair must hold, later ones only evaluated if
   * needed.
   */
  record Comparison(Expression first, List<Comparand> rest, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object left = first.evaluate(scope);
      for (Comparand comparand : rest) {
        Object right = comparand.operand.evaluate(scope);
        scope.budget().step(line);
        if (!scope.environment().comparisons().holds(comparand.operator, left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record Binary(ArithmeticOperator operator, Expression left, Expression right, int line)
      implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object leftValue = left.evaluate(scope);
      Object rightValue = right.evaluate(scope);
      scope.budget().step(line);
      return scope.environment().arithmetic().apply(operator, leftValue, rightValue);
    }
  }

  record Unary(boolean negative, Expression operand, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = operand.evaluate(scope);
      scope.budget().step(line);
      return Numbers.signed(negative, value);
    }
  }

  /** Joins the texts of its parts with the operator {@code ~}. */
  record Concatenation(List<Expression> parts, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      StringBuilder text = new StringBuilder();
      for (Object value : evaluateAll(parts, scope)) {
        scope.budget().step(line);
        scope.budget().append(scope.environment().text(value), text);
      }
      return text.toString();
    }
  }

  record Attribute(Expression object, String name, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = object.evaluate(scope);
      scope.budget().step(line);
      return scope.environment().attributes().attribute(value, name);
    }
  }

  record Item(Expression object, Expression key, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = object.evaluate(scope);
      Object keyValue = key.evaluate(scope);
      scope.budget().step(line);
      return scope.environment().attributes().item(value, keyValue);
    }
  }

  /** The bounds between the brackets of {@code x[start:stop:step]}, each of which may be null. */
  record Slice(Expression start, Expression stop, Expression step) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return new SliceBounds(bound(start, scope), bound(stop, scope), bound(step, scope));
    }

    private static Object bound(Expression bound, Scope scope) {
      return bound == null ? null : bound.evaluate(scope);
    }
  }

  record Call(Expression callee, ArgumentList arguments, int line) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return invoke(callee.evaluate(scope), arguments.evaluate(scope), scope);
    }

    /** Calls a macro that may hand over to {@code caller}. */
    Object evaluateWithCaller(Scope scope, Macro caller) {
      Object function = callee.evaluate(scope);
      return invoke(function, arguments.evaluate(scope).withKeyword("caller", caller), scope);
    }

    private Object invoke(Object function, Arguments values, Scope scope) {
      scope.budget().step(line);
      if (function instanceof Undefined undefined) {
        throw undefined.failure();
      }
      if (!(function instanceof Invocable invocable)) {
        throw new TemplateException("'" + Values.typeName(function) + "' object is not callable");
      }
      return invocable.invoke(values);
    }
  }

  /** A filter with its arguments, to be applied to a value. */
  record FilterCall(String name, ArgumentList arguments, int line) {
    Object apply(Scope scope, Object value) {
      Arguments values = arguments.evaluate(scope);
      scope.budget().step(line);
      return scope.environment().filters().apply(name, value, values);
    }
  }

  record Filter(Expression operand, FilterCall call) implements Expression {
    @Override
    public Object compute(Scope scope) {
      return call.apply(scope, operand.evaluate(scope));
    }
  }

  record Test(Expression operand, String name, ArgumentList arguments, int line)
      implements Expression {
    @Override
    public Object compute(Scope scope) {
      Object value = operand.evaluate(scope);
      Arguments values = arguments.evaluate(scope);
      scope.budget().step(line);
      return scope.environment().tests().check(name, value, values);
    }
  }

  private static List<Object> evaluateAll(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(expression.evaluate(scope));
    }
    return values;
  }
}
