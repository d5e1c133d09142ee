package dev.strata.udfs.sql;

import dev.strata.udfs.api.EngineSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;

/** What the engine of a query that ran has done since it was started. */
final class SweepCount {

  private SweepCount() {}

  static long sweeps(Dataset<?> query) {
    return most(query, EngineSnapshot::sweeps);
  }

  private static long most(Dataset<?> query, ToLongFunction<EngineSnapshot> figure) {
    return nodes(query.queryExecution().executedPlan()).stream()
        .mapToLong(node -> node.failures().value().sum(figure))
        .max()
        .orElseThrow();
  }

  /** The nodes of a plan that ask. */
  static List<AskNode> nodes(SparkPlan plan) {
    List<AskNode> found = new ArrayList<>();
    if (plan instanceof AskNode ask) {
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
