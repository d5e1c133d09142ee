package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * The rows of its child, those of a group together, the first of each with the results of calls
 * about the texts of the group; NULL in the others.
 */
public final class AskAggregate extends LogicalPlan implements UnaryNode, Parts {

  private final Seq<Expression> keys;
  private final Seq<AiAggregate> calls;
  private final Seq<Attribute> results;
  private final LogicalPlan child;

  /**
   * @param keys what rows of a group have in common; none for one group
   */
  public AskAggregate(
      Seq<Expression> keys, Seq<AiAggregate> calls, Seq<Attribute> results, LogicalPlan child) {
    this.keys = keys;
    this.calls = calls;
    this.results = results;
    this.child = child;
  }

  Seq<Expression> keys() {
    return keys;
  }

  Seq<AiAggregate> calls() {
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
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new AskAggregate(keys, calls, results, newChild);
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return withNewChildInternal(children.head());
  }

  @Override
  public List<Object> parts() {
    return List.of(keys, calls, results, child);
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
