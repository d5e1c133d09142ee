package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
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
  public Option<Object> maxRows() {
    return child().maxRows();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child().maxRowsPerPartition();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child().outputOrdering();
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
