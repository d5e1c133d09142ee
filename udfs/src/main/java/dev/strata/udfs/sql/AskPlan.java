package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** The rows of its child with the results of calls of one model. */
abstract class AskPlan extends LogicalPlan implements UnaryNode, Parts {

  private final Seq<Attribute> results;
  private final LogicalPlan child;

  AskPlan(Seq<Attribute> results, LogicalPlan child) {
    this.results = results;
    this.child = child;
  }

  /** The model that its calls name; null for the session's. */
  abstract String model();

  /** What is asked, and of which rows together. */
  abstract List<Expression> asked();

  /** Whether an engine is needed, or texts are only looked at. */
  abstract boolean asksEngine();

  final Seq<Attribute> results() {
    return results;
  }

  @Override
  public final LogicalPlan child() {
    return child;
  }

  @Override
  public final Seq<LogicalPlan> children() {
    return Scalas.seqOf(child);
  }

  @Override
  public final Seq<Attribute> output() {
    return Scalas.joined(child.output(), results);
  }

  @Override
  public final AttributeSet producedAttributes() {
    return AttributeSet.apply(Scalas.<Expression>seq(Scalas.<Expression>list(results)));
  }

  @Override
  public final LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return withNewChildInternal(children.head());
  }

  @Override
  public final boolean equals(Object other) {
    return Parts.equal(this, other);
  }

  @Override
  public final int hashCode() {
    return parts().hashCode();
  }
}
