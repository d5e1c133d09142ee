package dev.strata.udfs.sql;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.ExecutorDeaths;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunJournal;
import dev.strata.udfs.spark.RunSpace;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a query that writes has produced, in a directory for each of its nodes, until its rows are
 * where they belong. It stays where the query fails, for the next under the same key.
 */
final class QueryJournal {

  private static final Logger LOG = LoggerFactory.getLogger(QueryJournal.class);

  private static final int DIGITS = 8;

  private static final String FAILURES = "spark.task.maxFailures";

  /** Spark's own number of them. */
  private static final int SPARKS_FAILURES = 4;

  /** With which jobs find a row that ends executors. */
  private static final int ENOUGH_FAILURES = 64;

  /** A node of the query; planned again, as adaptive execution does, it is the same. */
  private record Node(LogicalPlan plan, List<?> results, String name, RunJournal journal) {

    boolean is(AskPlan other) {
      return results.equals(resultIds(other)) || plan.equals(other.canonicalized());
    }
  }

  private final SparkContext context;
  private final String key;
  private final String location;
  private final String directory; // null where the query does not write into one
  private final Duration interval;
  private final boolean isFresh;
  private final List<Node> nodes = new ArrayList<>();
  private final List<ExecutorDeaths> deaths = new ArrayList<>();
  private final Set<EngineStats> stats = new HashSet<>();
  private RunLock lock; // null until a node begins
  private boolean isWritten;
  private boolean isOver;

  private QueryJournal(
      SparkContext context,
      String key,
      String location,
      String directory,
      Duration interval,
      boolean isFresh) {
    this.context = context;
    this.key = key;
    this.location = location;
    this.directory = directory;
    this.interval = interval;
    this.isFresh = isFresh;
  }

  /**
   * The journal that a session's keys ask for.
   *
   * @param target what the query writes to
   * @throws StrataException if they do not say where
   */
  static QueryJournal of(SparkContext context, WriteTarget target, StrataConf conf) {
    String key = conf.require(StrataKeys.SQL_RUN_KEY);
    String all =
        conf.find(StrataKeys.JOURNAL_DIR)
            .orElseThrow(
                () ->
                    StrataException.usage(
                        "%s is set, and %s is not, where a query's journal is kept; set it to a"
                            + " directory that all nodes can write",
                        StrataKeys.SQL_RUN_KEY.name(), StrataKeys.JOURNAL_DIR.name()));
    String location =
        "%s/run-%s/%s".formatted(all, inNames(key), new Sha256().add(target.text()).hex(DIGITS));
    Duration interval = conf.get(StrataKeys.JOURNAL_INTERVAL);
    return new QueryJournal(
        context, key, location, target.directory(), interval, conf.get(StrataKeys.FRESH));
  }

  /** The encoding has stars stay, which are patterns to Hadoop. */
  private static String inNames(String key) {
    return URLEncoder.encode(key, StandardCharsets.UTF_8).replace("*", "%2A");
  }

  String key() {
    return key;
  }

  String location() {
    return location;
  }

  /**
   * The journal of a node.
   *
   * @throws StrataException if another application runs the statement, what is there was made with
   *     another model or other options, or the directory cannot be written
   */
  synchronized RunJournal of(AskPlan plan, GenerationOptions options) {
    return nodes.stream()
        .filter(node -> node.is(plan))
        .map(Node::journal)
        .findFirst()
        .orElseGet(() -> begin(plan, options));
  }

  private RunJournal begin(AskPlan plan, GenerationOptions options) {
    claim();
    String name = new Sha256().add(asked(plan)).hex(DIGITS);
    long same = nodes.stream().filter(node -> node.name().equals(name)).count();
    String place = "%s/%s-%d".formatted(location, name, same + 1);
    RunSpace.ofQuery(plan.child().stats(), options).check(hadoop(), place, directory);
    RunJournal journal = RunJournal.ofQuery(hadoop(), place, interval, options, isFresh);
    nodes.add(new Node(plan.canonicalized(), resultIds(plan), name, journal));
    deaths.add(journal.watch(context));
    return journal;
  }

  /**
   * Whether there is what an earlier try of the query left. Then nobody else continues it any more.
   *
   * @throws StrataException if another application does
   */
  synchronized boolean continuesAnother() {
    Path left = new Path(location);
    try {
      if (!left.getFileSystem(hadoop()).exists(left)) {
        return false;
      }
    } catch (IOException e) {
      return false; // it is told when the journal begins
    }
    claim();
    return true;
  }

  /**
   * Two that continued at once would both write what one is to write. What the one before wrote,
   * and did not end, would be there twice.
   */
  private void claim() {
    if (lock == null) {
      lock = lock();
      UnfinishedFiles.of(hadoop(), location).clear();
    }
  }

  /**
   * Takes note that files are about to be written, which are no part of a table until the query is
   * over.
   *
   * @param place the directory that they come to
   * @param job stands in their names
   * @throws StrataException if it cannot be noted
   */
  synchronized void writes(String place, String job) {
    if (lock == null) {
      return; // nothing is asked
    }
    try {
      UnfinishedFiles.of(hadoop(), location).mark(place, job);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the journal %s cannot be written: %s; see to the file system"
              .formatted(location, e.getMessage()),
          e);
    }
  }

  /** The query's rows are where they belong, whether or not its end is told. */
  synchronized void hasWritten() {
    isWritten = true;
  }

  synchronized boolean isWritten() {
    return isWritten;
  }

  private RunLock lock() {
    Path file = new Path(location + ".lock");
    String what =
        "the same statement is run under %s=%s".formatted(StrataKeys.SQL_RUN_KEY.name(), key);
    try {
      return RunLock.acquire(file.getFileSystem(hadoop()), file, what, context.applicationId());
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the lock %s cannot be written: %s; see to the file system, or set %s to a directory that"
                  .formatted(file, e.getMessage(), StrataKeys.JOURNAL_DIR.name())
              + " can be written",
          e);
    }
  }

  /** What the node asks, as SQL has it: other questions are kept elsewhere. */
  private static String asked(AskPlan plan) {
    return plan.asked().stream().map(Expression::sql).collect(Collectors.joining(", "))
        + " by "
        + plan.model();
  }

  private static List<?> resultIds(AskPlan plan) {
    return Scalas.<Attribute>list(plan.results()).stream().map(Attribute::exprId).toList();
  }

  /** Takes note of the figures of a node that runs. */
  synchronized void counting(EngineStats figures) {
    stats.add(figures);
  }

  /** The query is over, and nothing of it runs any more. */
  synchronized void end(boolean isWell) {
    deaths.forEach(ExecutorDeaths::close);
    if (lock != null && !isOver) { // else nothing was begun
      isOver = true;
      try (RunLock held = lock) {
        endAlone(isWell && isStillAlone(held));
      }
    }
  }

  private static boolean isStillAlone(RunLock held) {
    try {
      held.check();
      return true;
    } catch (IOException | StrataException e) {
      LOG.warn("{}", e.getMessage(), e);
      return false;
    }
  }

  private void endAlone(boolean isDone) {
    if (isDone) {
      tell();
      nodes.forEach(node -> node.journal().remove(hadoop()));
      new RunJournal(location, interval).remove(hadoop()); // with the marks of its files
    } else {
      LOG.warn(
          "what rows have produced is kept in {}: the same statement under {}={} continues with it",
          location,
          StrataKeys.SQL_RUN_KEY.name(),
          key);
      tellOfDeaths();
    }
  }

  /** Spark may have given up before the row was found whose executors died. */
  private void tellOfDeaths() {
    int died = deaths.stream().mapToInt(ExecutorDeaths::faults).max().orElse(0);
    int most = context.getConf().getInt(FAILURES, SPARKS_FAILURES);
    if (died > 0 && most < ENOUGH_FAILURES) {
      LOG.warn(
          "{} executors died meanwhile, and a row may be to blame, which is found by a death for"
              + " each halving of those that were there; {} is {}, so that Spark gives up before:"
              + " start the session with {}, or run the statement again until the row is found",
          died,
          FAILURES,
          most,
          ENOUGH_FAILURES);
    }
  }

  private void tell() {
    RowCounts all =
        stats.stream().map(one -> one.value().rows()).reduce(RowCounts.NONE, RowCounts::plus);
    if (all.kept() + all.resumed() > 0) {
      LOG.warn(
          String.format(
              Locale.ROOT,
              "%s=%s continued: %,d prompts kept, %,d resumed, %,d tokens not computed again",
              StrataKeys.SQL_RUN_KEY.name(),
              key,
              all.kept(),
              all.resumed(),
              all.keptTokens()));
    }
  }

  private Configuration hadoop() {
    return context.hadoopConfiguration();
  }
}
