package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** The journals of an application's queries that write, from when they are planned to their end. */
final class QueryJournals extends SparkListener {

  private static final Duration NEVER = ChronoUnit.FOREVER.getDuration();

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(2);

  private static final Map<SparkContext, QueryJournals> OF = new ConcurrentHashMap<>();

  /** What Spark says of a micro-batch on the threads that plan and run it. */
  private static final String STREAM = "sql.streaming.queryId";

  private static final String BATCH = "streaming.sql.batchId";

  /** What is going on, by the names that events give it. */
  private sealed interface Running {

    /** A statement, with all that it runs. */
    record Execution(long id) implements Running {}

    /** A stream's, which is the same when it is run again. */
    record MicroBatch(String stream, long number) implements Running {}
  }

  private final SparkContext context;
  private final Map<Running, QueryJournal> open = new ConcurrentHashMap<>();

  private QueryJournals(SparkContext context) {
    this.context = context;
  }

  private static QueryJournals of(SparkContext context) {
    OF.keySet().removeIf(SparkContext::isStopped);
    return OF.computeIfAbsent(
        context,
        started -> {
          QueryJournals journals = new QueryJournals(started);
          started.addSparkListener(journals);
          return journals;
        });
  }

  /** Whether the active session may ask for journals. */
  static boolean mayBeAskedFor() {
    return SQLConf.get().contains(StrataKeys.SQL_RUN_KEY.name());
  }

  private static boolean areAskedFor(StrataConf conf) {
    return conf.find(StrataKeys.SQL_RUN_KEY).isPresent()
        && !conf.get(StrataKeys.JOURNAL_INTERVAL).equals(NEVER);
  }

  /**
   * The journal of the query that is being planned on this thread; empty if it does not write, or
   * nobody wants one.
   *
   * @throws StrataException if the keys do not say where, or another query writes the same
   */
  static Optional<QueryJournal> current(SparkSession session, StrataConf conf) {
    if (!areAskedFor(conf)) {
      return Optional.empty();
    }
    SparkContext context = session.sparkContext();
    if (context.isStopped()) {
      return Optional.empty(); // nobody would tell of the query's end
    }
    Optional<Running> running = onThisThread(context);
    Optional<QueryJournal> journal =
        target(context, running).map(target -> of(context).open(running.get(), target, conf));
    journal.ifPresent(open -> MarkedCommit.use(session));
    return journal;
  }

  /** The journal of the query that runs on this thread; empty if it has none. */
  static Optional<QueryJournal> running(SparkContext context) {
    return onThisThread(context).map(running -> of(context).open.get(running));
  }

  private static Optional<Running> onThisThread(SparkContext context) {
    String stream = context.getLocalProperty(STREAM);
    Long batch = number(context, BATCH);
    if (stream != null && batch != null) {
      return Optional.of(new Running.MicroBatch(stream, batch));
    }
    Long root = number(context, SQLExecution.EXECUTION_ROOT_ID_KEY());
    return Optional.ofNullable(root).map(Running.Execution::new);
  }

  /** What is written to, if anything is. */
  private static Optional<WriteTarget> target(SparkContext context, Optional<Running> running) {
    if (running.isPresent() && running.get() instanceof Running.MicroBatch batch) {
      return Optional.of(new WriteTarget(batch.toString(), null));
    }
    Optional<WriteTarget> part = written(number(context, SQLExecution.EXECUTION_ID_KEY()));
    return written(number(context, SQLExecution.EXECUTION_ROOT_ID_KEY()))
        .or(() -> part)
        .map(target -> target.in(part));
  }

  private static Long number(SparkContext context, String property) {
    String number = context.getLocalProperty(property);
    return number == null ? null : Long.valueOf(number);
  }

  /** What an execution writes to. */
  private static Optional<WriteTarget> written(Long execution) {
    QueryExecution query = execution == null ? null : SQLExecution.getQueryExecution(execution);
    return query == null ? Optional.empty() : WriteTarget.of(query.logical());
  }

  private synchronized QueryJournal open(Running running, WriteTarget target, StrataConf conf) {
    QueryJournal known = open.get(running);
    if (known != null) {
      return known;
    }
    QueryJournal journal = QueryJournal.of(context, target, conf);
    List<Running> same =
        open.entrySet().stream()
            .filter(other -> other.getValue().location().equals(journal.location()))
            .map(Map.Entry::getKey)
            .toList();
    for (Running other : same) {
      requireOver(other, journal.key());
    }
    open.put(running, journal);
    return journal;
  }

  /** Of what is over, Spark tells a moment later. */
  private void requireOver(Running other, String key) {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (open.containsKey(other) && isOver(other) && System.nanoTime() < end) {
      LockSupport.parkNanos(POLL.toNanos());
    }
    if (isOver(other)) {
      // What Spark has no time to tell, it drops.
      end(other, Optional.ofNullable(open.get(other)).map(QueryJournal::isWritten).orElse(false));
    }
    if (open.containsKey(other)) {
      throw StrataException.usage(
          "a query that writes the same goes on under %s=%s; give each a name of its own",
          StrataKeys.SQL_RUN_KEY.name(), key);
    }
  }

  private static boolean isOver(Running running) {
    return running instanceof Running.Execution execution
        && SQLExecution.getQueryExecution(execution.id()) == null;
  }

  /** What then happens to queries that still go on, nobody tells. */
  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd event) {
    open.keySet().forEach(running -> end(running, false));
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof SparkListenerSQLExecutionEnd end) {
      end(new Running.Execution(end.executionId()), isWell(end));
    } else if (event instanceof StreamingQueryListener.QueryProgressEvent batch) {
      StreamingQueryProgress progress = batch.progress();
      end(new Running.MicroBatch(progress.id().toString(), progress.batchId()), true);
    } else if (event instanceof StreamingQueryListener.QueryTerminatedEvent stream) {
      open.keySet().stream()
          .filter(
              running ->
                  running instanceof Running.MicroBatch batch
                      && batch.stream().equals(stream.id().toString()))
          .forEach(running -> end(running, false));
    }
  }

  private void end(Running running, boolean isWell) {
    QueryJournal journal = open.get(running);
    if (journal != null) {
      journal.end(isWell);
      open.remove(running); // only now may the next begin
    }
  }

  /** An empty message stands for none. */
  private static boolean isWell(SparkListenerSQLExecutionEnd end) {
    return end.errorMessage().isEmpty() || end.errorMessage().get().isEmpty();
  }
}
