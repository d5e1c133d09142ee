package dev.strata.udfs.sql;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Finds calls in plans. */
final class Calls {

  private Calls() {}

  static boolean in(Expression expression) {
    return expression.exists(e -> e instanceof AiCall);
  }

  /** Whether an operator's own expressions have calls that are not yet asked. */
  static boolean in(LogicalPlan operator) {
    return !(operator instanceof AskModel)
        && Scalas.<Expression>list(operator.expressions()).stream().anyMatch(Calls::in);
  }

  static boolean anywhere(LogicalPlan plan) {
    return plan.exists(Calls::in);
  }

  /** Adds the calls that have no calls in their arguments, by what they are alike in. */
  static void collectInnermost(Expression expression, Map<Expression, AiCall> calls) {
    List<Expression> children = Scalas.list(expression.children());
    if (expression instanceof AiCall call && children.stream().noneMatch(Calls::in)) {
      calls.putIfAbsent(call.canonicalized(), call);
    } else {
      children.forEach(child -> collectInnermost(child, calls));
    }
  }
}
