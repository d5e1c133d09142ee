package dev.strata.udfs.sql;

import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/** {@code LIMIT n} above an {@link AskModel}: no more than n rows of a partition need the model. */
final class LimitPushdown {

  private LimitPushdown() {}

  static LogicalPlan push(LogicalPlan plan) {
    return plan instanceof LocalLimit limit
        ? new LocalLimit(limit.limitExpr(), below(limit.limitExpr(), limit.child()))
        : plan;
  }

  private static LogicalPlan below(Expression limit, LogicalPlan plan) {
    if (plan instanceof Project) {
      return Plans.withChild(plan, below(limit, plan.children().head()));
    }
    if (plan instanceof AskModel ask) {
      LogicalPlan child = ask.child();
      return Plans.withChild(
          ask, child instanceof LocalLimit ? child : new LocalLimit(limit, below(limit, child)));
    }
    return plan;
  }
}
