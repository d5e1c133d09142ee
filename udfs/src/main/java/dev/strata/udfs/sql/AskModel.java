package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Option;
import scala.collection.immutable.Seq;

/** The rows of its child with the results of calls of one model, in the child's order. */
public final class AskModel extends AskPlan {

  private final Seq<AiCall> calls;

  public AskModel(Seq<AiCall> calls, Seq<Attribute> results, LogicalPlan child) {
    super(results, child);
    this.calls = calls;
  }

  Seq<AiCall> calls() {
    return calls;
  }

  @Override
  String model() {
    return calls.head().options().model();
  }

  @Override
  List<Expression> asked() {
    return Scalas.list(calls);
  }

  @Override
  boolean asksEngine() {
    return Scalas.<AiCall>list(calls).stream().anyMatch(call -> call.function().needsEngine());
  }

  @Override
  public Option<Object> maxRows() {
    return child().maxRows();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child().maxRowsPerPartition();
  }

  /** Rows that a journal is kept for are dealt anew. */
  @Override
  public Seq<SortOrder> outputOrdering() {
    return QueryJournals.mayBeAskedFor() ? Scalas.seqOf() : child().outputOrdering();
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new AskModel(calls, results(), newChild);
  }

  @Override
  public List<Object> parts() {
    return List.of(calls, results(), child());
  }
}
