package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.PartitionTask;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Ascending$;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.SortOrder$;
import org.apache.spark.sql.catalyst.plans.physical.AllTuples$;
import org.apache.spark.sql.catalyst.plans.physical.ClusteredDistribution;
import org.apache.spark.sql.catalyst.plans.physical.Distribution;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * Asks about the texts of all groups of a partition. Rows come in by groups, and by texts within
 * them, so that what is asked does not depend on partitions, and come out in that order.
 */
public final class AskAggregateExec extends SparkPlan implements UnaryExecNode, AskNode, Parts {

  private static final long serialVersionUID = 1L;

  private final Seq<Expression> keys;
  private final Seq<AiAggregate> calls;
  private final Seq<Attribute> results;
  private final AskOptions options;
  private final SparkPlan child;
  private final transient AskCounters counters = new AskCounters();

  /**
   * @param keys what rows of a group have in common; none for one group
   */
  public AskAggregateExec(
      Seq<Expression> keys,
      Seq<AiAggregate> calls,
      Seq<Attribute> results,
      AskOptions options,
      SparkPlan child) {
    this.keys = keys;
    this.calls = calls;
    this.results = results;
    this.options = options;
    this.child = child;
  }

  @Override
  public SparkPlan child() {
    return child;
  }

  @Override
  public Seq<SparkPlan> children() {
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
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new AskAggregateExec(keys, calls, results, options, newChild);
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return withNewChildInternal(children.head());
  }

  @Override
  public EngineStats failures() {
    return counters.stats(session());
  }

  @Override
  public scala.collection.immutable.Map<String, SQLMetric> metrics() {
    return counters.shown(session());
  }

  @Override
  public RDD<InternalRow> doExecute() {
    List<AggregateTask.Call> asked = new ArrayList<>();
    for (AiAggregate call : Scalas.<AiAggregate>list(calls)) {
      asked.add(
          new AggregateTask.Call(
              call.function().name(),
              call.options().onError(),
              ((AiAgg) call.function()).prompts(call.options(), options.prompts())));
    }
    RDD<InternalRow> rows = child.execute();
    AggregateTask task =
        new AggregateTask(
            List.copyOf(asked),
            ascending(keys),
            texts(),
            child.output(),
            AskModelExec.types(child.output()),
            AskModelExec.types(output()),
            PartitionTask.of(options.generation(), failures(), session()),
            options.aggregateTokens(),
            counters.allowed(options, rows.getNumPartitions(), session()),
            counters.metrics(session()));
    return rows.toJavaRDD().mapPartitionsWithIndex(task, true).rdd();
  }

  @Override
  public List<Object> parts() {
    return List.of(keys, calls, results, options, child);
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
