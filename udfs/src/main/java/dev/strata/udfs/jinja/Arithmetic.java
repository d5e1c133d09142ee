package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The arithmetic operators on all types of values. */
final class Arithmetic {
  private final Environment environment;

  Arithmetic(Environment environment) {
    this.environment = environment;
  }

  Object apply(ArithmeticOperator operator, Object left, Object right) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.apply(operator, left, right);
    }
    boolean isText = Values.unwrap(left) instanceof String;
    if (operator == ArithmeticOperator.MODULO && isText) {
      return format(left, right);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object result =
        switch (operator) {
          case ADD -> add(left, right);
          case MULTIPLY -> Numbers.isInteger(left) ? repeat(right, left) : repeat(left, right);
          default -> null;
        };
    if (result == null) {
      throw new TemplateException(
          "unsupported operand type(s) for %s: '%s' and '%s'"
              .formatted(operator.symbol(), Values.typeName(left), Values.typeName(right)));
    }
    return result;
  }

  /** The sum, or null if there is none. */
  private Object add(Object left, Object right) {
    Object leftPlain = Values.unwrap(left);
    Object rightPlain = Values.unwrap(right);
    if (leftPlain instanceof String leftText && rightPlain instanceof String rightText) {
      Budget budget = environment.budget();
      budget.reserveChars((long) leftText.length() + rightText.length());
      if (!(left instanceof Markup || right instanceof Markup)) {
        return leftText + rightText;
      }
      String leftMarkup = Markup.escape(left, leftText, budget);
      String rightMarkup = Markup.escape(right, rightText, budget);
      budget.reserveChars((long) leftMarkup.length() + rightMarkup.length());
      return new Markup(leftMarkup + rightMarkup);
    }
    boolean lists = left instanceof List && right instanceof List;
    if (!lists || left instanceof Tuple != right instanceof Tuple) {
      return null;
    }
    List<Object> sum = environment.list(left);
    sum.addAll(environment.list(right));
    return left instanceof Tuple ? new Tuple(sum) : sum;
  }

  /** The sequence repeated, or null if this is no sequence and a count. */
  private Object repeat(Object sequence, Object count) {
    if (!Numbers.isInteger(count)) {
      return null;
    }
    long times = Math.max(0, Numbers.toLong(count));
    if (Values.unwrap(sequence) instanceof String text) {
      String repeated = repeatText(text, times);
      return sequence instanceof Markup ? new Markup(repeated) : repeated;
    }
    if (!(sequence instanceof List<?> list)) {
      return null;
    }
    if (list.isEmpty()) {
      return sequence;
    }
    environment.budget().reserveItems(multiply(list.size(), times));
    List<Object> repeated = new ArrayList<>();
    Collections.nCopies((int) times, list).forEach(repeated::addAll);
    return sequence instanceof Tuple ? new Tuple(repeated) : repeated;
  }

  private String repeatText(String text, long times) {
    environment.budget().reserveChars(multiply(text.length(), times));
    return text.isEmpty() ? text : text.repeat((int) times);
  }

  private static long multiply(long size, long times) {
    return times > Integer.MAX_VALUE && size > 0 ? Long.MAX_VALUE / 2 : size * times;
  }

  /** {@code "…%s…" % arguments}. */
  Object format(Object template, Object arguments) {
    String formatted =
        new PrintfFormat(environment, template instanceof Markup, arguments)
            .format(Values.requireText(template));
    environment.budget().reserveChars(formatted.length());
    return template instanceof Markup ? new Markup(formatted) : formatted;
  }
}
