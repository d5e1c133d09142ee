package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** The rows of its child with the results of calls of one model, in the child's order. */
public final class AskModel extends LogicalPlan implements UnaryNode, Parts {

  private final Seq<AiCall> calls;
  private final Seq<Attribute> results;
  private final LogicalPlan child;

  public AskModel(Seq<AiCall> calls, Seq<Attribute> results, LogicalPlan child) {
    this.calls = calls;
    this.results = results;
    this.child = child;
  }

  Seq<AiCall> calls() {
    return calls;
  }

  Seq<Attribute> results() {
    return results;
  }

  @Override
  public LogicalPlan child() {
    return child;
  }

  @Override
  public Seq<LogicalPlan> children() {
    return Scalas.seqOf(child);
  }

  @Override
  public Seq<Attribute> output() {
    return Scalas.joined(child.output(), results);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(Scalas.<Expression>seq(Scalas.<Expression>list(results)));
  }

  @Override
  public Option<Object> maxRows() {
    return child.maxRows();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child.maxRowsPerPartition();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new AskModel(calls, results, newChild);
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return new AskModel(calls, results, children.head());
  }

  @Override
  public List<Object> parts() {
    return List.of(calls, results, child);
  }

  @Override
  public boolean equals(Object other) {
    return Parts.equal(this, other);
  }

  @Override
  public int hashCode() {
    return parts().hashCode();
  }
}
