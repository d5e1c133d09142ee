package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.collection.immutable.Seq;

/**
 * The rows of its child, those of a group together, the first of each with the results of calls
 * about the texts of the group; NULL in the others.
 */
public final class AskAggregate extends AskPlan {

  private final Seq<Expression> keys;
  private final Seq<AiAggregate> calls;

  /**
   * @param keys what rows of a group have in common; none for one group
   */
  public AskAggregate(
      Seq<Expression> keys, Seq<AiAggregate> calls, Seq<Attribute> results, LogicalPlan child) {
    super(results, child);
    this.keys = keys;
    this.calls = calls;
  }

  Seq<Expression> keys() {
    return keys;
  }

  Seq<AiAggregate> calls() {
    return calls;
  }

  @Override
  String model() {
    return calls.head().options().model();
  }

  @Override
  List<Expression> asked() {
    return Scalas.list(Scalas.joined(keys, Scalas.seq(Scalas.<Expression>list(calls))));
  }

  @Override
  boolean asksEngine() {
    return true;
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new AskAggregate(keys, calls, results(), newChild);
  }

  @Override
  public List<Object> parts() {
    return List.of(keys, calls, results(), child());
  }
}
