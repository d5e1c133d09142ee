package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans {@link AskModel}, and calls that appeared in a plan after {@link ExtractAiCalls}. */
final class AskStrategy extends SparkStrategy {

  private final SparkSession session;

  AskStrategy(SparkSession session) {
    this.session = session;
  }

  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    if (plan instanceof AskModel ask) {
      FailureNotice.in(session);
      String model = ask.calls().head().options().model();
      return Scalas.seqOf(
          new AskModelExec(
              ask.calls(), ask.results(), AskOptions.ofSession(model), planLater(ask.child())));
    }
    if (plan instanceof AskAggregate ask) {
      FailureNotice.in(session);
      String model = ask.calls().head().options().model();
      return Scalas.seqOf(
          new AskAggregateExec(
              ask.keys(),
              ask.calls(),
              ask.results(),
              AskOptions.ofSession(model),
              planLater(ask.child())));
    }
    return isOpen(plan) ? Scalas.seqOf(planLater(extracted(plan))) : Scalas.seqOf();
  }

  private static boolean isOpen(LogicalPlan plan) {
    return Calls.in(plan) || TextAggregates.in(plan);
  }

  private static LogicalPlan extracted(LogicalPlan plan) {
    LogicalPlan extracted = new ExtractAiCalls().apply(plan);
    if (extracted.exists(AskStrategy::isOpen)) {
      throw StrataException.usage(
          "a call stands where no model can be asked, in %s; compute it in a subquery first",
          plan.nodeName());
    }
    return extracted;
  }
}
