package dev.strata.job.run;

import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.OutputPlace;
import dev.strata.job.dataset.OutputState;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.KeptRuns;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What a run is told that asks the failed rows of an output again: what the run was told that wrote
 * it, and over that what the command says.
 */
public final class Retry {

  /** What was meant for that run alone. */
  private static final List<ConfKey<?>> OF_ONE_RUN =
      List.of(
          StrataKeys.DRY_RUN,
          StrataKeys.REPORT,
          StrataKeys.FRESH,
          StrataKeys.PARTITIONS,
          StrataKeys.MAX_ERROR_RATE);

  /** Where the input is, which mostly the output's rows are in the place of. */
  private static final List<ConfKey<?>> OF_INPUT =
      List.of(StrataKeys.INPUT, StrataKeys.INPUT_OPTIONS, StrataKeys.WHERE);

  private static final String TABLE = "table";

  private final String output;
  private final Map<String, String> submitted;
  private final Map<String, String> options;
  private final PrintStream console;

  private Retry(
      String output,
      Map<String, String> submitted,
      Map<String, String> options,
      PrintStream console) {
    this.output = output;
    this.submitted = submitted;
    this.options = options;
    this.console = console;
  }

  /**
   * Finds out what is to be run, without Spark.
   *
   * @param task what the rows are asked, where the output does not say it; null to go by what it
   *     says
   * @param submitted settings of the session, which count where the output's record says nothing
   * @param options those of the command line, which count first
   * @param console hears of settings that do not count
   * @throws StrataException if there is no output, or it does not say enough
   */
  public static Run prepare(
      String output,
      Task task,
      Map<String, String> submitted,
      Map<String, String> options,
      PrintStream console) {
    Map<String, String> all = new HashMap<>(submitted);
    all.putAll(options);
    if (TABLE.equals(all.get(StrataKeys.OUTPUT_FORMAT.name()))) {
      throw StrataException.usage(
          "the failed rows of a table are asked again by an incremental run: give the command that"
              + " wrote it with --incremental");
    }
    Configuration hadoop = Sessions.hadoop(all);
    OutputPlace.requireFree(hadoop, output);
    Retry retry = new Retry(output, submitted, options, console);
    return retry.prepare(task, retry.runs(hadoop));
  }

  private KeptRuns runs(Configuration hadoop) {
    List<Path> rows = OutputState.of(hadoop, output).rows();
    if (rows.isEmpty()) {
      throw StrataException.data(
          "no run has come to its end at %s, so no rows have failed; see what is there with: strata"
              + " status %s",
          output, output);
    }
    try {
      return OutputRecord.read(hadoop, rows);
    } catch (IOException e) {
      throw DataErrors.status(output, e);
    }
  }

  private Run prepare(Task named, KeptRuns runs) {
    if (runs.last().isEmpty()) {
      requireNoRecord(named, runs);
      return Run.retry(named, told(Map.of()), Optional.empty());
    }
    KeptRun run = runs.last().get();
    KeptSettings kept = KeptSettings.of(run);
    runs.before().forEach(before -> requireSame(kept, KeptSettings.of(before)));
    requireSecrets(kept);
    tellOfOthers(kept);
    Map<String, String> settings = new HashMap<>(KeptSettings.ofSql(run));
    settings.keySet().removeAll(submitted.keySet());
    settings.putAll(kept.settings());
    OF_ONE_RUN.forEach(key -> settings.remove(key.name()));
    return Run.retry(
        named == null ? kept.task() : named, told(settings), Optional.of(run.started()));
  }

  private Map<String, String> told(Map<String, String> kept) {
    Map<String, String> settings = new HashMap<>(submitted);
    settings.putAll(kept);
    settings.putAll(options);
    settings.put(StrataKeys.OUTPUT.name(), output);
    return settings;
  }

  private void requireNoRecord(Task named, KeptRuns runs) {
    boolean says = named != null && told(Map.of()).containsKey(StrataKeys.MODEL.name());
    if (!says) {
      throw StrataException.usage(
          "%s does not say what run it is of, since its record %s; say --task generate, summarize"
              + " or translate, --model, and what else that run was told of its rows: --prompt or"
              + " --text-column, --to-language, --id-column, --max-new-tokens ...",
          output, runs.damaged().isEmpty() ? "is not there" : "is damaged");
    }
  }

  private void requireSame(KeptSettings last, KeptSettings before) {
    for (ConfKey<?> key : last.differences(before)) {
      if (!options.containsKey(key.name())) {
        throw StrataException.data(
            "the rows of %s are of several runs, which had different %s (%s, %s), and a row does not"
                + " say of which it is; give %s to ask all failed ones in that way",
            output, key.option(), shown(before, key), shown(last, key), key.option());
      }
    }
  }

  private static String shown(KeptSettings run, ConfKey<?> key) {
    return run.settings().getOrDefault(key.name(), "none");
  }

  private void requireSecrets(KeptSettings kept) {
    for (ConfKey<?> key : kept.hidden()) {
      boolean isSaid = options.containsKey(key.name()) || submitted.containsKey(key.name());
      if (!isSaid && OF_INPUT.contains(key)) {
        console.printf(
            "the run's %s (%s) had something secret in it; give it again if the input has to be"
                + " read%n",
            key.option(), key.name());
      } else if (!isSaid && !OF_ONE_RUN.contains(key)) {
        throw StrataException.usage(
            "the run's %s (%s) had something secret in it, which records leave out; give it again",
            key.option(), key.name());
      }
    }
  }

  /** A file of settings that has changed since must not change what rows are asked. */
  private void tellOfOthers(KeptSettings kept) {
    kept.settings()
        .forEach(
            (name, value) -> {
              String now = submitted.get(name);
              if (now != null && !now.equals(value) && !options.containsKey(name)) {
                console.printf(
                    "%s is %s here and was %s in the run, which counts unless an option says"
                        + " otherwise%n",
                    name, now, value);
              }
            });
  }
}
