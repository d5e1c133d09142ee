package dev.strata.udfs.spark;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Retries;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.engine.RowSink;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowEntry;
import dev.strata.udfs.journal.RowKey;
import dev.strata.udfs.journal.Suspicion;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what a task's rows produce from the engine to the run's journal, under keys that outlive
 * the task. A row that failed keeps its error, unless another try may do better.
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

  private static final Logger LOG = LoggerFactory.getLogger(TaskJournal.class);

  /** How long a journal that cannot be read is tried again. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Those of this process. */
  private static final Set<TaskJournal> ALL = ConcurrentHashMap.newKeySet();

  static {
    // Once Spark has ended its tasks, and before Hadoop closes its file systems.
    if (!ShutdownHookManager.get().isShutdownInProgress()) {
      ShutdownHookManager.get()
          .addShutdownHook(TaskJournal::endAll, FileSystem.SHUTDOWN_HOOK_PRIORITY + 20);
    }
  }

  private final Journal journal;
  private final Map<Long, Open> open = new ConcurrentHashMap<>();

  TaskJournal(Journal journal) {
    this.journal = journal;
    ALL.add(this);
  }

  /** Writes what is not written, before this process dies with the rows that are in it. */
  static void endAll() {
    ALL.forEach(task -> task.journal.endWithRowsInFlight());
  }

  /**
   * The part of the journal that belongs to the rows of a task, which were dealt by their buckets.
   *
   * @param partition the one that rows were dealt to
   * @throws StrataException if it cannot be read or written
   */
  static TaskJournal open(
      JournaledDeal deal, int partition, Configuration hadoop, TaskContext context) {
    Attempt attempt = attempt(Buckets.of(partition, deal.partitions()), context);
    return open(deal.journal(), hadoop, attempt, PATIENCE, context::isInterrupted);
  }

  static TaskJournal open(
      RunJournal run,
      Configuration hadoop,
      Attempt attempt,
      Duration patience,
      BooleanSupplier isKilled) {
    Retries retries =
        new Retries(
            patience,
            e -> !(e instanceof FileNotFoundException || e instanceof AccessControlException),
            (failure, pause) -> {
              if (isKilled.getAsBoolean()) {
                throw new TaskKilledException();
              }
              LOG.warn(
                  "the journal {} cannot be read or written, and is tried again in {} s: {}",
                  run.location(),
                  pause.toSeconds(),
                  failure.getMessage(),
                  failure);
            });
    try {
      return new TaskJournal(
          retries.run(() -> Journal.open(hadoop, run.location(), attempt, run.interval())));
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the journal %s cannot be read or written: %s".formatted(run.location(), e.getMessage()),
          e);
    }
  }

  private static Attempt attempt(Buckets buckets, TaskContext context) {
    SparkEnv environment = SparkEnv.get();
    return Attempt.of(
        buckets,
        Attempt.jvm(environment.conf().getAppId(), environment.executorId()),
        context.attemptNumber() > 0 || context.stageAttemptNumber() > 0);
  }

  /** What an earlier attempt produced for a row; null if nothing. */
  RowEntry find(RowKey key) {
    return journal.find(key);
  }

  /** What speaks against a row: processes that died while it was in them. */
  Suspicion suspicion(RowKey key) {
    return journal.suspicion(key);
  }

  /** Keeps a row's error, which no engine gave it. */
  void failed(RowKey row, String error) {
    journal.add(new RowEntry(row, 0, new int[0], FinishReason.ERROR, error, new float[0]));
  }

  /** Rows that are about to go to the engine or are in it. */
  int openRows() {
    return open.size();
  }

  /** Takes down, before this returns, which rows those are. */
  void takeDown() {
    journal.inFlight(open.values().stream().map(row -> row.key).toList());
  }

  /** The engine has no rows of the task. */
  void left() {
    journal.inFlight(List.of());
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
  public void ended(RowResult result) {
    Open row = open.remove(result.key());
    if (!result.mayMend()) {
      int[] rest = Arrays.copyOfRange(result.tokens(), row.tokens, result.tokens().length);
      journal.add(
          new RowEntry(
              row.key, row.tokens, rest, result.reason(), result.error(), result.values()));
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
    ALL.remove(this);
    journal.close();
  }
}
