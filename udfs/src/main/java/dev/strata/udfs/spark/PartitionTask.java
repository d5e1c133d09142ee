package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/** What executors need to ask a model: called once for each partition. */
public final class PartitionTask implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Stands for the number of the task's own partition. */
  private static final int OF_TASK = -1;

  private final GenerationOptions options;
  private final EngineStats stats;
  private final SerializableConfiguration hadoop;
  private final JournaledDeal deal; // null for none
  private final int partition;

  private PartitionTask(
      GenerationOptions options,
      EngineStats stats,
      SerializableConfiguration hadoop,
      JournaledDeal deal,
      int partition) {
    this.options = options;
    this.stats = stats;
    this.hadoop = hadoop;
    this.deal = deal;
    this.partition = partition;
  }

  /** A task whose engines read models as the session reads data. */
  public static PartitionTask of(
      GenerationOptions options, EngineStats stats, SparkSession session) {
    return new PartitionTask(options, stats, ModelLocation.hadoop(session), null, OF_TASK);
  }

  /**
   * The same with a journal, for rows that are dealt by their buckets.
   *
   * @param run null for none
   * @param partitions how many those are dealt to
   */
  public PartitionTask journaled(RunJournal run, int partitions) {
    JournaledDeal journaled = run == null ? null : new JournaledDeal(run, partitions);
    return new PartitionTask(options, stats, hadoop, journaled, partition);
  }

  /** The same for one of the partitions, which need not have the number of the task. */
  public PartitionTask inPartition(int number) {
    return new PartitionTask(options, stats, hadoop, deal, number);
  }

  /**
   * The rows with their answers, lazily. What it holds is given back when the task ends.
   *
   * @param inOrder whether rows come out as they came in, or else as they finish
   */
  public <O> Iterator<O> run(Iterator<AskedRow> rows, AnsweredRows<O> output, boolean inOrder) {
    if (!rows.hasNext()) {
      return Collections.emptyIterator(); // an engine is dear, and there is nothing for it to do
    }
    return FailedDevice.OF_THIS_JVM.ends(
        () -> session(TaskContext.get()).run(rows, output, inOrder));
  }

  /** The use of an engine by the task of the calling thread, until that ends. */
  public EngineSession session() {
    return FailedDevice.OF_THIS_JVM.ends(() -> session(TaskContext.get()));
  }

  private EngineSession session(TaskContext context) {
    EngineLease<ModelEngine> lease = ExecutorEngines.acquire(options, hadoop.value(), context);
    whenEnded(context, lease::close); // listeners are called in reverse, so this comes last
    int own = partition == OF_TASK ? context.partitionId() : partition;
    Optional<TaskJournal> kept =
        Optional.ofNullable(deal)
            .map(dealt -> TaskJournal.open(dealt, own, hadoop.value(), context));
    kept.ifPresent(open -> whenEnded(context, open::close));
    return new EngineSession(options, stats, context, lease.get(), kept);
  }

  /** Counts tokens until the task ends. */
  public TokenCounter tokenCounter() {
    TokenCounter counter = TokenCounter.open(options.engine().model(), hadoop.value());
    whenEnded(TaskContext.get(), counter::close);
    return counter;
  }

  static void whenEnded(TaskContext context, Runnable close) {
    TaskCompletionListener listener = ended -> close.run();
    context.addTaskCompletionListener(listener);
  }
}
