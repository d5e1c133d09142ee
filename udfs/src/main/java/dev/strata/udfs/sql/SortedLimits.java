package dev.strata.udfs.sql;

import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;

/** {@code ORDER BY … LIMIT n} by columns that are no results: the model sees the n rows alone. */
final class SortedLimits {

  private SortedLimits() {}

  /** Moves a projection with calls from below a limited sort to above it. */
  static LogicalPlan lift(LogicalPlan plan) {
    if (!(plan instanceof GlobalLimit && child(plan) instanceof LocalLimit local)) {
      return plan;
    }
    if (local.child() instanceof Project project && project.child() instanceof Sort sort) {
      LogicalPlan sorted = limited(plan, local, sort);
      LogicalPlan lifted = lift(sorted);
      return lifted != sorted || Calls.in(project) ? Plans.withChild(project, lifted) : plan;
    }
    if (local.child() instanceof Sort sort
        && sort.child() instanceof Project project
        && Calls.in(project)
        && sort.references().subsetOf(project.child().outputSet())) {
      LogicalPlan rows =
          Plans.pruned(project.child(), project.references().$plus$plus(sort.references()));
      return Plans.withChild(project, limited(plan, local, Plans.withChild(sort, rows)));
    }
    return plan;
  }

  private static LogicalPlan limited(LogicalPlan global, LogicalPlan local, LogicalPlan rows) {
    return Plans.withChild(global, Plans.withChild(local, rows));
  }

  private static LogicalPlan child(LogicalPlan plan) {
    return plan.children().head();
  }
}
