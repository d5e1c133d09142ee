package dev.strata.udfs.sql;

import org.apache.spark.sql.catalyst.optimizer.ColumnPruning$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Subquery;
import org.apache.spark.sql.catalyst.rules.Rule;

/**
 * Moves calls out of their operators into {@link AskModel} and {@link AskAggregate}, where as few
 * rows as possible and no row twice come by.
 */
final class ExtractAiCalls extends Rule<LogicalPlan> {

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    boolean becomesJoin = plan instanceof Subquery subquery && subquery.correlated();
    boolean asks = Calls.anywhere(plan) || plan.exists(TextAggregates::in);
    if (becomesJoin || !asks) {
      return plan;
    }
    LogicalPlan lifted = Plans.up(plan, SortedLimits::lift);
    LogicalPlan asked = Plans.up(lifted, p -> Calls.in(p) ? OperatorCalls.extract(p) : p);
    LogicalPlan aggregated =
        Plans.up(asked, p -> TextAggregates.in(p) ? TextAggregates.extract(p) : p);
    LogicalPlan limited = Plans.up(aggregated, LimitPushdown::push);
    // a scan below a split filter would read every column
    return RunOnce.apply(ColumnPruning$.MODULE$.apply(limited));
  }
}
