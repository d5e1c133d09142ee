package dev.strata.udfs.sql;

import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RowCounts;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.CommandResultExec;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;
import org.apache.spark.sql.util.QueryExecutionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/** Warns once, when a query ends, of calls that failed and gave NULL. */
final class FailureNotice implements QueryExecutionListener {

  private static final Logger LOG = LoggerFactory.getLogger(FailureNotice.class);

  private static final Set<SparkSession> KNOWN =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  private FailureNotice() {}

  /** Makes a session give notice. */
  static void in(SparkSession session) {
    if (KNOWN.add(session)) {
      session.listenerManager().register(new FailureNotice());
    }
  }

  @Override
  public void onSuccess(String action, QueryExecution query, long nanos) {
    look(query.executedPlan());
  }

  @Override
  public void onFailure(String action, QueryExecution query, Exception failure) {
    // the failure says it
  }

  private static void look(SparkPlan plan) {
    if (plan instanceof AskExec ask) {
      warn(ask);
    }
    if (plan instanceof AdaptiveSparkPlanExec adaptive) {
      look(adaptive.executedPlan());
    } else if (plan instanceof QueryStageExec stage) {
      look(stage.plan());
    } else if (plan instanceof CommandResultExec command) {
      look(command.commandPhysicalPlan());
    }
    CollectionConverters.asJava(plan.children()).forEach(FailureNotice::look);
    CollectionConverters.asJava(plan.subqueries()).forEach(FailureNotice::look);
  }

  private static void warn(AskExec ask) {
    RowCounts counts = ask.failures().value().rows();
    if (counts.errors() > 0) {
      LOG.warn(
          "{} of {} prompts failed and gave NULL unless failOnError was set: {}",
          counts.errors(),
          counts.done(),
          String.join(
              "; ", counts.reasons().byFrequency().stream().map(ErrorReasons.Kind::text).toList()));
    }
  }
}
