package dev.strata.udfs.sql;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.internal.SQLConf;

/**
 * Puts a shuffle above an {@link AskModel} or {@link AskAggregate} whose rows are read more than
 * once, so that its results are read again and not made again: below a global sort, which samples
 * its input in a job of its own, and where a plan has it twice, such as a common table expression.
 */
final class RunOnce {

  private final Map<LogicalPlan, Integer> times = new HashMap<>();
  private final int partitions = SQLConf.get().numShufflePartitions();

  private RunOnce() {}

  static LogicalPlan apply(LogicalPlan plan) {
    RunOnce once = new RunOnce();
    plan.foreach(
        p -> {
          if (asks(p)) {
            once.times.merge(p.canonicalized(), 1, Integer::sum);
          }
          return null;
        });
    return Plans.up(Plans.up(plan, once::shared), once::sorted);
  }

  private static boolean asks(LogicalPlan plan) {
    return plan instanceof AskPlan;
  }

  private LogicalPlan shared(LogicalPlan plan) {
    return asks(plan) && times.getOrDefault(plan.canonicalized(), 0) > 1 ? kept(plan) : plan;
  }

  private LogicalPlan sorted(LogicalPlan plan) {
    return plan instanceof Sort sort
            && sort.global()
            && !(sort.child() instanceof Repartition)
            && sort.child().exists(RunOnce::asks)
        ? Plans.withChild(sort, kept(sort.child()))
        : plan;
  }

  private LogicalPlan kept(LogicalPlan plan) {
    return new Repartition(partitions, true, plan);
  }
}
