package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.PartitionTask;
import java.util.Iterator;
import org.apache.spark.api.java.function.Function2;
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
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/**
 * A node of a physical plan that asks a model. Rows come out in the order in which they came in.
 */
abstract class AskExec extends SparkPlan implements UnaryExecNode, Parts {

  private static final long serialVersionUID = 1L;

  private final Seq<Attribute> results;
  private final AskOptions options;
  private final SparkPlan child;
  private final transient AskCounters counters = new AskCounters();

  AskExec(Seq<Attribute> results, AskOptions options, SparkPlan child) {
    this.results = results;
    this.options = options;
    this.child = child;
  }

  /** What executors do for each partition. */
  abstract Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> task(AskedPart part);

  /** What its tasks did so far, and why calls failed. */
  final EngineStats failures() {
    return counters.stats(session());
  }

  final Seq<Attribute> results() {
    return results;
  }

  final AskOptions options() {
    return options;
  }

  @Override
  public final SparkPlan child() {
    return child;
  }

  @Override
  public final Seq<SparkPlan> children() {
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
  public final Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public final Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public final SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return withNewChildInternal(children.head());
  }

  @Override
  public final Map<String, SQLMetric> metrics() {
    return counters.shown(session());
  }

  @Override
  public final RDD<InternalRow> doExecute() {
    RDD<InternalRow> rows = child.execute();
    AskedPart part =
        new AskedPart(
            child.output(),
            output(),
            PartitionTask.of(options.generation(), failures(), session()),
            counters.allowed(options, rows.getNumPartitions(), session()),
            counters.metrics(session()));
    return rows.toJavaRDD().mapPartitionsWithIndex(task(part), true).rdd();
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
