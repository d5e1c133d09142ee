package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.PartitionTask;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** Asks for all rows of a partition at once. Rows come out in the order in which they came in. */
public final class AskModelExec extends SparkPlan implements UnaryExecNode, AskNode, Parts {

  private static final long serialVersionUID = 1L;

  private final Seq<AiCall> calls;
  private final Seq<Attribute> results;
  private final AskOptions options;
  private final SparkPlan child;
  private final transient AskCounters counters = new AskCounters();

  public AskModelExec(
      Seq<AiCall> calls, Seq<Attribute> results, AskOptions options, SparkPlan child) {
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
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new AskModelExec(calls, results, options, newChild);
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return new AskModelExec(calls, results, options, children.head());
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
    List<EvaluatedCall> evaluated = new ArrayList<>();
    List<Expression> arguments = new ArrayList<>();
    for (AiCall call : Scalas.<AiCall>list(calls)) {
      evaluated.add(EvaluatedCall.of(call, options.prompts(), arguments.size()));
      arguments.addAll(Scalas.list(call.children()));
    }
    RDD<InternalRow> rows = child.execute();
    AskTask task =
        new AskTask(
            List.copyOf(evaluated),
            Scalas.seq(arguments),
            child.output(),
            types(child.output()),
            types(output()),
            PartitionTask.of(options.generation(), failures(), session()),
            counters.allowed(options, rows.getNumPartitions(), session()),
            counters.metrics(session()));
    return rows.toJavaRDD().mapPartitionsWithIndex(task, true).rdd();
  }

  static DataType[] types(Seq<Attribute> columns) {
    return Scalas.<Attribute>list(columns).stream()
        .map(Attribute::dataType)
        .toArray(DataType[]::new);
  }

  @Override
  public List<Object> parts() {
    return List.of(calls, results, options, child);
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
