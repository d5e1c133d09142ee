package dev.strata.job.report;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What a run did, as its last words.
 *
 * @param progress what executors reported
 * @param time from the start of the session to the end of the output
 * @param output where the rows are
 * @param reuse what was taken over from an earlier run; null where none was looked for
 * @param course how it came to that
 */
public record RunReport(
    RunProgress progress, Duration time, String output, Reuse reuse, RunCourse course) {

  private static final int LABEL_WIDTH = 18;
  private static final int MOST_REASONS = 8;

  /**
   * What an incremental run found, or one that adds rows.
   *
   * @param kept rows that were taken over as they were, or were there already
   * @param unchanged whether the output was left as it was
   * @param errors why rows of the output have errors, those that were taken over and those that
   *     ran; null where rows are added
   * @param stayed what is worth telling of the rows that were there; null where rows are replaced
   */
  public record Reuse(long kept, boolean unchanged, ErrorReasons errors, Stayed stayed) {

    /** What an incremental run found. */
    public Reuse(long kept, boolean unchanged, ErrorReasons errors) {
      this(kept, unchanged, errors, null);
    }

    /** What a run found that adds rows. */
    public Reuse(long kept, boolean unchanged, Stayed stayed) {
      this(kept, unchanged, null, stayed);
    }
  }

  /**
   * The input's rows that are in an output already and stay there.
   *
   * @param changed those that ask something else now
   * @param failed those with an error there
   */
  public record Stayed(long changed, long failed) {}

  public RunReport(RunProgress progress, Duration time, String output) {
    this(progress, time, output, null, RunCourse.NONE);
  }

  /** Some lines for the console. */
  public String text() {
    RowCounts rows = progress.rows();
    if (reuse != null && reuse.unchanged()) {
      String how = reuse.stayed() == null ? "done" : "there already";
      List<String> lines = new ArrayList<>();
      lines.add(
          "nothing to do: all %s rows are %s, %s is unchanged"
              .formatted(Figures.count(reuse.kept()), how, output));
      addReuse(lines);
      return String.join(System.lineSeparator(), lines);
    }
    String first =
        "%s rows in %s, %s: %s"
            .formatted(
                Figures.count(rows.done()),
                Figures.time(time),
                Figures.errors(rows.errors()),
                output);
    return String.join(System.lineSeparator(), lines(first));
  }

  /** The console's lines after one that says the most of it. */
  List<String> lines(String first) {
    RowCounts rows = progress.rows();
    List<String> lines = new ArrayList<>(List.of(first));
    addReuse(lines);
    String speed =
        tokensPerSecond() == 0 ? "" : " (%s per second)".formatted(Figures.rate(tokensPerSecond()));
    lines.add(
        line("prompt tokens", Figures.count(rows.promptTokens()) + (isReading() ? speed : "")));
    lines.add(
        line("new tokens", Figures.count(rows.completionTokens()) + (isReading() ? "" : speed)));
    lines.add(line("sweeps", Figures.count(progress.sum(EngineSnapshot::sweeps))));
    lines.add(line("bytes read", bytesRead()));
    if (progress.sum(EngineSnapshot::expertBytes) > 0) {
      lines.add(line("experts used", expertsUsed()));
    }
    lines.add(line("low-margin tokens", Figures.count(progress.sum(EngineSnapshot::lowMargins))));
    deviceMemory().ifPresent(engine -> lines.add(line("device memory", deviceMemory(engine))));
    if (rows.kept() + rows.resumed() > 0) {
      lines.add(line("continued", continued(rows)));
    }
    if (computedTwice() > 0) {
      lines.add(
          line(
              "computed twice", Figures.count(computedTwice()) + " tokens, lost with an executor"));
    }
    if (rows.repeated() > 0) {
      lines.add(line("equal prompts", Figures.count(rows.repeated()) + " rows, not asked again"));
    }
    if (rows.undecoded() > 0) {
      lines.add(line("not decoded", Figures.undecoded(rows.undecoded(), "")));
    }
    addErrors(lines, rows.reasons());
    return lines;
  }

  private void addReuse(List<String> lines) {
    if (reuse == null) {
      return;
    }
    Stayed stayed = reuse.stayed();
    if (!reuse.unchanged()) {
      lines.add(line(stayed == null ? "rows kept" : "there already", Figures.count(reuse.kept())));
    }
    if (stayed != null && stayed.changed() > 0) {
      lines.add(
          line(
              "changed since",
              Figures.count(stayed.changed())
                  + " rows, which stay as they are there; only --incremental runs such again"));
    }
    if (stayed != null && stayed.failed() > 0) {
      lines.add(
          line(
              "failed there",
              "%s rows, which strata retry-failed %s runs again"
                  .formatted(Figures.count(stayed.failed()), output)));
    }
  }

  /** The engine whose card had the most memory in use; empty where none has a GPU. */
  Optional<EngineSnapshot> deviceMemory() {
    return progress.engines().values().stream()
        .filter(engine -> engine.cardDeviceBytes() > 0)
        .max(Comparator.comparingLong(EngineSnapshot::cardDeviceBytes));
  }

  private static String deviceMemory(EngineSnapshot engine) {
    String card =
        Figures.count(engine.cardDeviceBytes() >> 20) + " MiB of the card, page tables included";
    return engine.processDeviceBytes() > 0
        ? Figures.count(engine.processDeviceBytes() >> 20) + " MiB of the process, " + card
        : card + "; nvidia-smi does not find the process";
  }

  /** New tokens that no row of the output has. */
  public long computedTwice() {
    long generated = progress.sum(EngineSnapshot::newTokens);
    RowCounts rows = progress.rows();
    return Math.max(0, generated + rows.keptTokens() - rows.completionTokens());
  }

  private static String continued(RowCounts rows) {
    return "%s rows kept, %s resumed, %s tokens not computed again"
        .formatted(
            Figures.count(rows.kept()),
            Figures.count(rows.resumed()),
            Figures.count(rows.keptTokens()));
  }

  /** What makes the run a failure: that every row failed, and all for one reason. */
  public Optional<String> failure() {
    RowCounts rows = progress.rows();
    List<ErrorReasons.Kind> reasons = rows.reasons().byFrequency();
    boolean isFailure =
        rows.done() > 0
            && rows.errors() == rows.done()
            && reasons.size() == 1
            && (reuse == null || reuse.kept() == 0);
    return isFailure
        ? Optional.of(
            "every row failed (%s): %s"
                .formatted(Figures.count(rows.done()), reasons.get(0).text()))
        : Optional.empty();
  }

  /** A line for each kind of errors, the most frequent first. */
  static void addErrors(List<String> lines, ErrorReasons errors) {
    List<ErrorReasons.Kind> reasons = errors.byFrequency();
    for (int i = 0; i < Math.min(reasons.size(), MOST_REASONS); i++) {
      ErrorReasons.Kind reason = reasons.get(i);
      lines.add(line(i == 0 ? "errors" : "", Figures.count(reason.rows()) + ": " + reason.text()));
    }
    long more = reasons.stream().skip(MOST_REASONS).mapToLong(ErrorReasons.Kind::rows).sum();
    if (more > 0) {
      lines.add(line("", Figures.count(more) + ": for other reasons"));
    }
  }

  /** Whether the model was to read alone, as for scores and vectors. */
  boolean isReading() {
    return progress.rows().completionTokens() == 0;
  }

  /**
   * New tokens, or those of prompts where none are new, for the time in sweeps, which other work of
   * the session is not part of; 0 where there was none.
   */
  double tokensPerSecond() {
    RowCounts rows = progress.rows();
    long tokens = isReading() ? rows.promptTokens() : rows.completionTokens();
    long busy =
        progress.engines().values().stream().mapToLong(EngineSnapshot::busyNanos).max().orElse(0);
    return busy == 0 ? 0 : 1e9 * tokens / busy;
  }

  /** What each engine did, by its executor. */
  List<ExecutorFigures> executors() {
    return progress.engines().values().stream()
        .map(
            engine ->
                ExecutorFigures.of(engine, course.executors().getOrDefault(engine.engine(), "")))
        .sorted(
            Comparator.comparing(ExecutorFigures::executor).thenComparing(ExecutorFigures::engine))
        .toList();
  }

  private String bytesRead() {
    long bytes = progress.sum(EngineSnapshot::readBytes);
    long tokens = progress.sum(EngineSnapshot::newTokens);
    return Figures.bytes((double) bytes)
        + (tokens == 0
            ? ""
            : " (%s per new token)".formatted(Figures.bytes((double) bytes / tokens)));
  }

  /** What routing saved is the rest. */
  private String expertsUsed() {
    double chosen = progress.sum(EngineSnapshot::chosenExpertBytes);
    double all = progress.sum(EngineSnapshot::expertBytes);
    return "%s of %s (%.0f %%)"
            .formatted(Figures.bytes(chosen), Figures.bytes(all), 100 * chosen / all)
        + bytes(EngineSnapshot::keptExpertBytes, ", %s of them in memory")
        + bytes(EngineSnapshot::unchosenExpertBytes, "; %s read ahead in vain");
  }

  private String bytes(ToLongFunction<EngineSnapshot> figure, String format) {
    long sum = progress.sum(figure);
    return sum == 0 ? "" : format.formatted(Figures.bytes((double) sum));
  }

  static String line(String label, String value) {
    return String.format(Locale.ROOT, "  %-" + LABEL_WIDTH + "s %s", label, value);
  }
}
