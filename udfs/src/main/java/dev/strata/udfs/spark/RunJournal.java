package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.JournalState;
import dev.strata.udfs.journal.RunRecord;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of a run, as its driver has it: a directory in which tasks keep what their rows have
 * produced, and from which the next attempt, or the next run of the same, continues.
 *
 * @param location the directory
 * @param interval how long what was produced may wait until it is written
 */
public record RunJournal(String location, Duration interval) implements Serializable {

  private static final Logger LOG = LoggerFactory.getLogger(RunJournal.class);

  private static final long serialVersionUID = 1L;

  /**
   * Begins a journal, or goes on with one that a run left.
   *
   * @param fresh whether what is there is thrown away
   * @throws StrataException if what is there is of another run, or the directory cannot be written
   */
  public static RunJournal open(
      Configuration conf,
      String location,
      Duration interval,
      GenerationOptions options,
      boolean fresh) {
    return open(conf, location, interval, RunBasis.of(options), fresh);
  }

  /**
   * As {@link #open(Configuration, String, Duration, GenerationOptions, boolean)}, where the
   * model's identity is known, or more than the options must be the same.
   */
  public static RunJournal open(
      Configuration conf, String location, Duration interval, RunBasis basis, boolean fresh) {
    return open(conf, new RunJournal(location, interval), record(basis), fresh);
  }

  /**
   * The same for a query, whose rows bring their prompts. What has no record of its run is thrown
   * away: a task wrote it that outlived its query.
   *
   * @throws StrataException as for the other
   */
  public static RunJournal ofQuery(
      Configuration conf,
      String location,
      Duration interval,
      GenerationOptions options,
      boolean fresh) {
    boolean isThrownAway = fresh || !hasRecord(conf, location);
    return open(conf, new RunJournal(location, interval), recordOfQuery(options), isThrownAway);
  }

  private static boolean hasRecord(Configuration conf, String location) {
    try {
      return RunRecord.read(conf, location).isPresent();
    } catch (IOException e) {
      return true; // it is read again, and said
    }
  }

  private static RunJournal open(
      Configuration conf, RunJournal journal, RunRecord now, boolean fresh) {
    String location = journal.location();
    try {
      if (fresh) {
        journal.delete(conf);
      }
      journal.begin(conf, now);
      return journal;
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the journal %s cannot be written: %s; see to the file system, or set --journal-interval"
                  .formatted(location, e.getMessage())
              + " (spark.strata.journal.interval) never to run without one",
          e);
    }
  }

  private void begin(Configuration conf, RunRecord now) throws IOException {
    Optional<RunRecord> before = RunRecord.read(conf, location);
    if (!RunRecord.hasRows(conf, location)) {
      now.write(conf, location);
      return;
    }
    List<String> differences =
        before.map(run -> run.differences(now)).orElse(List.of("it does not say which"));
    if (!differences.isEmpty()) {
      throw StrataException.data(
          "%s has what another run produced before it ended: %s; run it as before to continue, or"
              + " set --fresh (spark.strata.fresh) to throw that away and start over",
          location, String.join(", ", differences));
    }
    LOG.info("the run continues with what is in {}", location);
  }

  private static RunRecord recordOfQuery(GenerationOptions options) {
    Map<String, String> values = versionAndFiles(options);
    values.put("the model's contents", Fingerprints.model(options));
    values.putAll(Fingerprints.optionsWithoutPrompt(options));
    return new RunRecord(values);
  }

  private static Map<String, String> versionAndFiles(GenerationOptions options) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("version", String.valueOf(RunJournal.class.getPackage().getImplementationVersion()));
    values.putAll(Fingerprints.modelFiles(options));
    return values;
  }

  private static RunRecord record(RunBasis basis) {
    Map<String, String> values = versionAndFiles(basis.options());
    values.put("the model's contents", basis.identity().model());
    values.put("the prompt", basis.identity().prompt());
    values.put("--id-column", String.valueOf(basis.options().idColumn()));
    values.putAll(Fingerprints.options(basis.options()));
    values.putAll(basis.more());
    return new RunRecord(values);
  }

  /** Notes how the application's executors end, so that rows that end them become known. */
  public ExecutorDeaths watch(SparkContext context) {
    return ExecutorDeaths.watch(context, this);
  }

  /**
   * Whether an executor had rows of a partition in its engine, or has, so that its death may be
   * theirs.
   */
  public boolean hasRowsInFlight(
      Configuration conf, String application, String executor, int partition, int partitions)
      throws IOException {
    return JournalState.at(conf, location)
        .hasRowsInFlight(Attempt.jvm(application, executor), Buckets.of(partition, partitions));
  }

  /** How much a partition's rows have produced so far: a number that grows with them. */
  public long produced(Configuration conf, int partition, int partitions) throws IOException {
    return JournalState.at(conf, location).produced(Buckets.of(partition, partitions));
  }

  /** Throws the journal away: its rows are in the output, or nobody wants them. */
  public void remove(Configuration conf) {
    try {
      delete(conf);
    } catch (IOException e) {
      LOG.warn(
          "the journal {} stays, which is not needed any more: {}", location, e.getMessage(), e);
    }
  }

  private void delete(Configuration conf) throws IOException {
    Path path = new Path(location);
    FileSystem files = path.getFileSystem(conf);
    files.delete(path, true);
  }
}
