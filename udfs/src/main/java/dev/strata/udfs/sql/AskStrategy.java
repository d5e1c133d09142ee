package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import org.apache.spark.sql.execution.command.CreateDataSourceTableAsSelectCommand;
import scala.collection.immutable.Seq;

/** Plans {@link AskPlan}s, and calls that appeared in a plan after {@link ExtractAiCalls}. */
final class AskStrategy extends SparkStrategy {

  private final SparkSession session;

  AskStrategy(SparkSession session) {
    this.session = session;
  }

  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    if (plan instanceof AskPlan ask) {
      FailureNotice.in(session);
      return Scalas.seqOf(planned(ask, AskOptions.ofSession(ask.model())));
    }
    if (plan instanceof CreateDataSourceTableAsSelectCommand make
        && make.query().exists(AskStrategy::asks)) {
      UnfinishedTable.clear(session, make);
    }
    return isOpen(plan) ? Scalas.seqOf(planLater(extracted(plan))) : Scalas.seqOf();
  }

  private SparkPlan planned(AskPlan plan, AskOptions options) {
    SparkPlan child = planLater(plan.child());
    AskJournal journal = AskJournal.of(session, plan, options);
    return plan instanceof AskAggregate ask
        ? new AskAggregateExec(ask.keys(), ask.calls(), ask.results(), options, journal, child)
        : new AskModelExec(((AskModel) plan).calls(), plan.results(), options, journal, child);
  }

  private static boolean asks(LogicalPlan plan) {
    return plan instanceof AskPlan || isOpen(plan);
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
