package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Ascending$;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.SortOrder$;
import org.apache.spark.sql.catalyst.plans.physical.AllTuples$;
import org.apache.spark.sql.catalyst.plans.physical.ClusteredDistribution;
import org.apache.spark.sql.catalyst.plans.physical.Distribution;
import org.apache.spark.sql.execution.SparkPlan;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Asks about the texts of all groups of a partition. Rows come in by groups, and by texts within
 * them, so that what is asked does not depend on partitions. What a journal has is found again
 * where the groups are in the same partitions, as those of the same statement are.
 */
public final class AskAggregateExec extends AskExec {

  private static final long serialVersionUID = 1L;

  private final Seq<Expression> keys;
  private final Seq<AiAggregate> calls;

  /**
   * @param keys what rows of a group have in common; none for one group
   */
  public AskAggregateExec(
      Seq<Expression> keys,
      Seq<AiAggregate> calls,
      Seq<Attribute> results,
      AskOptions options,
      AskJournal journal,
      SparkPlan child) {
    super(results, options, journal, child);
    this.keys = keys;
    this.calls = calls;
  }

  @Override
  public Seq<Distribution> requiredChildDistribution() {
    return Scalas.seqOf(
        keys.isEmpty()
            ? AllTuples$.MODULE$
            : new ClusteredDistribution(keys, false, Option.empty()));
  }

  @Override
  public Seq<Seq<SortOrder>> requiredChildOrdering() {
    return Scalas.seqOf(Scalas.joined(ascending(keys), ascending(texts())));
  }

  private Seq<Expression> texts() {
    return Scalas.seq(
        Scalas.<AiAggregate>list(calls).stream().map(call -> call.children().head()).toList());
  }

  private static Seq<SortOrder> ascending(Seq<Expression> expressions) {
    return Scalas.seq(
        Scalas.<Expression>list(expressions).stream()
            .map(e -> SortOrder$.MODULE$.apply(e, Ascending$.MODULE$, Scalas.seqOf()))
            .toList());
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new AskAggregateExec(keys, calls, results(), options(), journal(), newChild);
  }

  @Override
  Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> task(AskedPart part) {
    List<AggregateTask.Call> asked = new ArrayList<>();
    for (AiAggregate call : Scalas.<AiAggregate>list(calls)) {
      asked.add(
          new AggregateTask.Call(
              call.function().name(),
              call.options().onError(),
              ((AiAgg) call.function()).prompts(call.options(), options().prompts())));
    }
    return new AggregateTask(
        List.copyOf(asked), ascending(keys), texts(), options().aggregateTokens(), part);
  }

  @Override
  public List<Object> parts() {
    return List.of(keys, calls, results(), options(), journal(), child());
  }
}
