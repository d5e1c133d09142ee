package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.GenerationResult;
import dev.strata.udfs.engine.RowSink;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowEntry;
import dev.strata.udfs.journal.RowKey;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;

/**
 * Brings what a task's rows produce from the engine to the run's journal, under keys that outlive
 * the task. Rows that fail are not kept: whatever continues the run asks them again.
 */
final class TaskJournal implements RowSink, AutoCloseable {

  /** A row in the engine, and how many of its tokens the journal has. */
  private static final class Open {

    private final RowKey key;
    private int tokens;

    private Open(RowKey key, int tokens) {
      this.key = key;
      this.tokens = tokens;
    }
  }

  private final Journal journal;
  private final Map<Long, Open> open = new ConcurrentHashMap<>();

  private TaskJournal(Journal journal) {
    this.journal = journal;
  }

  /**
   * The part of the journal that belongs to the rows of a task, which were dealt by their buckets.
   *
   * @throws StrataException if it cannot be read or written
   */
  static TaskJournal open(RunJournal run, Configuration hadoop, TaskContext context) {
    Buckets buckets = Buckets.of(context.partitionId(), context.numPartitions());
    try {
      return new TaskJournal(Journal.open(hadoop, run.location(), buckets, run.interval()));
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the journal %s cannot be read or written: %s".formatted(run.location(), e.getMessage()),
          e);
    }
  }

  /** What an earlier attempt produced for a row; null if nothing. */
  RowEntry find(RowKey key) {
    return journal.find(key);
  }

  /**
   * A row is about to go to the engine.
   *
   * @param key the engine's name for it
   * @param tokens how many of its tokens the journal has
   */
  void asked(long key, RowKey row, int tokens) {
    open.put(key, new Open(row, tokens));
  }

  @Override
  public void generated(long key, int[] tokens, int from, int to) {
    Open row = open.get(key);
    journal.add(RowEntry.generated(row.key, from, Arrays.copyOfRange(tokens, from, to)));
    row.tokens = to;
  }

  @Override
  public void ended(GenerationResult result) {
    Open row = open.remove(result.key());
    if (result.error() == null) {
      int[] rest = Arrays.copyOfRange(result.tokens(), row.tokens, result.tokens().length);
      journal.add(new RowEntry(row.key, row.tokens, rest, result.reason(), null, result.values()));
    }
  }

  /**
   * To be called from time to time.
   *
   * @throws StrataException if what rows produce cannot be written any more
   */
  void requireWritable() {
    journal.requireWritable();
  }

  /** Writes what is not written. The engine must not have rows of the task any more. */
  @Override
  public void close() {
    journal.close();
  }
}
