package dev.strata.udfs.sql;

import dev.strata.udfs.api.EngineSnapshot;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;

/** What the engine of a query that ran has done for it. */
final class SweepCount {

  private SweepCount() {}

  /** Those of nodes that share some count for each. */
  static long sweeps(Dataset<?> query) {
    return nodes(query.queryExecution().executedPlan()).stream()
        .mapToLong(node -> node.failures().value().sum(EngineSnapshot::sweeps))
        .sum();
  }

  /** The nodes of a plan that ask. */
  static List<AskExec> nodes(SparkPlan plan) {
    List<AskExec> found = new ArrayList<>();
    if (plan instanceof AskExec ask) {
      found.add(ask);
    }
    if (plan instanceof AdaptiveSparkPlanExec adaptive) {
      found.addAll(nodes(adaptive.executedPlan()));
    } else if (plan instanceof QueryStageExec stage) {
      found.addAll(nodes(stage.plan()));
    }
    Scalas.<SparkPlan>list(plan.children()).forEach(child -> found.addAll(nodes(child)));
    return found;
  }
}
