package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.PartitionTask;
import dev.strata.udfs.spark.StageResources;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.catalyst.plans.physical.UnknownPartitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/**
 * A node of a physical plan that asks a model. Rows come out in the order in which they came in,
 * unless they are dealt anew.
 */
abstract class AskExec extends SparkPlan implements UnaryExecNode, Parts {

  private static final long serialVersionUID = 1L;

  private final Seq<Attribute> results;
  private final AskOptions options;
  private final AskJournal journal;
  private final SparkPlan child;
  private final transient AskCounters counters = new AskCounters();

  AskExec(Seq<Attribute> results, AskOptions options, AskJournal journal, SparkPlan child) {
    this.results = results;
    this.options = options;
    this.journal = journal;
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

  final AskJournal journal() {
    return journal;
  }

  /** Whether rows are dealt to partitions by what they ask. */
  boolean isDealt() {
    return false;
  }

  /** The child's rows as the tasks get them. */
  JavaRDD<InternalRow> dealt(JavaRDD<InternalRow> rows) {
    return rows;
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
    Partitioning ofChild = child.outputPartitioning();
    return isDealt() ? new UnknownPartitioning(ofChild.numPartitions()) : ofChild;
  }

  @Override
  public final Seq<SortOrder> outputOrdering() {
    return isDealt() ? Scalas.seqOf() : child.outputOrdering();
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
    JavaRDD<InternalRow> rows = dealt(child.execute().toJavaRDD());
    int partitions = rows.getNumPartitions();
    journal.counting(failures());
    AskedPart part =
        new AskedPart(
            child.output(),
            output(),
            PartitionTask.of(options.generation(), failures(), session())
                .journaled(journal.run(), partitions),
            counters.allowed(options, partitions, session()),
            counters.metrics(session()));
    return StageResources.asking(rows.mapPartitionsWithIndex(task(part), true)).rdd();
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
