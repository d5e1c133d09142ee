package dev.strata.udfs.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Equality, order and membership. */
final class Comparisons {
  private final Environment environment;

  Comparisons(Environment environment) {
    this.environment = environment;
  }

  boolean holds(ComparisonOperator operator, Object left, Object right) {
    return switch (operator) {
      case EQUAL -> equal(left, right);
      case NOT_EQUAL -> !equal(left, right);
      case IN -> contains(right, left);
      case NOT_IN -> !contains(right, left);
      case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL ->
          ordered(operator, Values.unwrap(left), Values.unwrap(right));
    };
  }

  boolean equal(Object leftValue, Object rightValue) {
    Object left = Values.unwrap(leftValue);
    Object right = Values.unwrap(rightValue);
    environment.budget().spend(1);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return !Numbers.isNan(left) && !Numbers.isNan(right) && Numbers.compare(left, right) == 0;
    }
    if (left instanceof List<?> leftList && right instanceof List<?> rightList) {
      return left instanceof Tuple == right instanceof Tuple
          && leftList.size() == rightList.size()
          && firstDifference(leftList, rightList) == leftList.size();
    }
    if (left instanceof Map<?, ?> leftMap && right instanceof Map<?, ?> rightMap) {
      return leftMap.size() == rightMap.size() && isSubset(leftMap, rightMap);
    }
    if (left instanceof Range leftRange && right instanceof Range rightRange) {
      return equal(List.copyOf(leftRange), List.copyOf(rightRange));
    }
    if (left instanceof Undefined && right instanceof Undefined) {
      return true;
    }
    return left instanceof String text ? equalTexts(text, right) : left == right;
  }

  private boolean equalTexts(String left, Object right) {
    boolean sameLength = right instanceof String other && other.length() == left.length();
    environment.budget().work(sameLength ? left.length() : 1);
    return sameLength && left.equals(right);
  }

  private int firstDifference(List<?> left, List<?> right) {
    environment.budget().enter();
    int index = 0;
    int end = Math.min(left.size(), right.size());
    while (index < end && equal(left.get(index), right.get(index))) {
      index++;
    }
    environment.budget().leave();
    return index;
  }

  private boolean isSubset(Map<?, ?> left, Map<?, ?> right) {
    environment.budget().enter();
    boolean subset =
        left.entrySet().stream()
            .allMatch(
                entry ->
                    Values.containsKey(right, entry.getKey())
                        && equal(entry.getValue(), Values.get(right, entry.getKey())));
    environment.budget().leave();
    return subset;
  }

  private boolean ordered(ComparisonOperator operator, Object left, Object right) {
    boolean numbers = Numbers.isNumber(left) && Numbers.isNumber(right);
    if (numbers && (Numbers.isNan(left) || Numbers.isNan(right))) {
      return false;
    }
    int order = compare(left, right, operator.symbol());
    return switch (operator) {
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      default -> order >= 0;
    };
  }

  /** The order that sorting uses. */
  int compare(Object left, Object right) {
    return compare(Values.unwrap(left), Values.unwrap(right), "<");
  }

  private int compare(Object left, Object right, String operator) {
    environment.budget().spend(1);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.compare(left, right);
    }
    if (left instanceof String leftText && right instanceof String rightText) {
      return PythonText.compare(leftText, rightText);
    }
    if (left instanceof List<?> leftList
        && right instanceof List<?> rightList
        && left instanceof Tuple == right instanceof Tuple) {
      return compareLists(leftList, rightList, operator);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new TemplateException(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }

  private int compareLists(List<?> left, List<?> right, String operator) {
    int index = firstDifference(left, right);
    if (index == Math.min(left.size(), right.size())) {
      return Integer.compare(left.size(), right.size());
    }
    return compare(Values.unwrap(left.get(index)), Values.unwrap(right.get(index)), operator);
  }

  boolean contains(Object containerValue, Object value) {
    Object container = Values.unwrap(containerValue);
    if (container instanceof String text) {
      if (Values.unwrap(value) instanceof String part) {
        return TextSearch.fromLeft(part).find(text, 0) >= 0;
      }
      throw new TemplateException(
          "'in <string>' requires string as left operand, not " + Values.typeName(value));
    }
    if (container instanceof Map<?, ?> map) {
      return Values.containsKey(map, Values.requireKey(value));
    }
    Iterator<Object> elements = environment.iterate(container);
    while (elements.hasNext()) {
      if (equal(elements.next(), value)) {
        return true;
      }
    }
    return false;
  }
}
