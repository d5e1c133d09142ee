package dev.strata.job.report;

import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.PromptCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a run would take, for a person.
 *
 * @param input where the rows are
 * @param rows all that would run
 * @param kept those that would be taken over from an earlier run; empty where none is looked for
 * @param partitions of the run
 * @param executors that have an engine each
 * @param seen what was counted, of all rows or of a sample
 * @param plan each engine's memory
 * @param work one of the executors' share
 * @param rates what the time rests on
 * @param place where engines compute and read
 */
public record DryRunReport(
    String input,
    long rows,
    OptionalLong kept,
    int partitions,
    int executors,
    PromptCounts seen,
    PlanPreview plan,
    Work work,
    MachineRates rates,
    Place place) {

  private static final int LABEL_WIDTH = 18;
  private static final int MOST_FAILURES = 8;

  /** Of 100 samples, 95 are this many standard errors off at most. */
  private static final double CONFIDENCE = 1.96;

  /**
   * An engine's work: the fewest sweeps and tokens if every row stops at once, the most if none
   * stops early.
   */
  public record Work(long fewestSweeps, long mostSweeps, double fewestTokens, double mostTokens) {}

  /**
   * Where engines compute and read.
   *
   * @param onHost whether executors compute on their processors
   * @param device what they compute on and how one knows, for people
   * @param copiedFrom where nodes copy the model from first; empty if they read it where it is
   */
  public record Place(boolean onHost, String device, Optional<String> copiedFrom) {}

  /** Some lines for the console. */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add("dry run: nothing was generated, nothing written");
    line(lines, "rows", "%s of %s".formatted(Figures.count(rows), input));
    kept.ifPresent(count -> line(lines, "rows kept", Figures.count(count)));
    line(lines, "partitions", spread());
    line(lines, "prompt tokens", promptTokens());
    line(lines, "new tokens", newTokens());
    if (seen.undecoded() > 0) {
      line(lines, "not decoded", Figures.undecoded(seen.undecoded(), ofSeen()));
    }
    addFailures(lines);
    line(lines, "sweeps", sweeps());
    if (seen.newTokens() > 0) {
      line(lines, "", "fewest: every row stops at its first token; most: none stops early,");
      line(lines, "", "which is new tokens / rows at once + tokens of the longest row");
    }
    line(lines, "weights to stream", streamed());
    addTime(lines);
    line(lines, "device", place.device());
    line(lines, "memory", memory());
    plan.lines().forEach(part -> lines.add("  " + part));
    return String.join(System.lineSeparator(), lines);
  }

  private String spread() {
    String each = executors == 1 ? "on one executor" : "on %,d executors".formatted(executors);
    return Figures.count(partitions) + " " + each;
  }

  private boolean sampled() {
    return seen.rows() < rows;
  }

  private double scale() {
    return seen.rows() == 0 ? 0 : (double) rows / seen.rows();
  }

  private String promptTokens() {
    if (!sampled()) {
      return Figures.count(seen.promptTokens()) + " (counted)";
    }
    return "about %s, give or take %s (sampled: %s of %s rows)"
        .formatted(
            Figures.count(Math.round(seen.promptTokens() * scale())),
            Figures.count(Math.round(CONFIDENCE * standardError())),
            Figures.count(seen.rows()),
            Figures.count(rows));
  }

  /** Of the sum over all rows, worked out from the spread within the sample. */
  private double standardError() {
    double n = seen.rows();
    double mean = seen.promptTokens() / n;
    double variance = Math.max(0, seen.promptTokensSquared() / n - mean * mean);
    double unseen = 1 - n / rows;
    return rows * Math.sqrt(variance * unseen / n);
  }

  private String newTokens() {
    if (seen.newTokens() == 0) {
      return "0";
    }
    long good = seen.rows() - seen.failed();
    return "%s%s to %s (at most %s a row)"
        .formatted(
            sampled() ? "about " : "",
            Figures.count(Math.round(good * scale())),
            Figures.count(Math.round(seen.newTokens() * scale())),
            Figures.count(seen.longest()));
  }

  private String ofSeen() {
    return sampled() ? " of %s seen".formatted(Figures.count(seen.rows())) : "";
  }

  private void addFailures(List<String> lines) {
    line(lines, "rows that fail", Figures.count(seen.failed()) + ofSeen());
    seen.failures().entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(MOST_FAILURES)
        .forEach(f -> line(lines, "", Figures.count(f.getValue()) + ": " + f.getKey()));
  }

  private String sweeps() {
    String each = executors == 1 ? "" : " on each executor";
    return range(Figures.count(work.fewestSweeps()), Figures.count(work.mostSweeps())) + each;
  }

  private String streamed() {
    double sweep = (double) executors * plan.sweepBytes();
    String all =
        range(Figures.bytes(work.fewestSweeps() * sweep), Figures.bytes(work.mostSweeps() * sweep));
    String staying = Figures.bytes((double) plan.stayingBytes());
    return "%s (%s a sweep%s%s)"
        .formatted(
            all,
            Figures.bytes((double) plan.sweepBytes()),
            executors == 1 ? "" : ", all executors together",
            plan.stayingBytes() == 0 ? "" : "; %s of it read only once".formatted(staying));
  }

  private void addTime(List<String> lines) {
    place.copiedFrom().ifPresent(from -> line(lines, "copied first", copied(from)));
    if (!place.onHost() && !readsAreTried()) {
      line(lines, "time", "unknown: neither a GPU nor the nodes' disks were tried");
      return;
    }
    String range =
        range(
            time(work.fewestSweeps(), work.fewestTokens()),
            time(work.mostSweeps(), work.mostTokens()));
    line(lines, "time", range + counted());
    line(lines, "", "by " + basis());
  }

  private static String copied(String from) {
    return from + ", to each node that has no copy yet; the time of that is not counted";
  }

  /** A copy that is still to be made is on disks that the driver does not see. */
  private boolean readsAreTried() {
    return place.copiedFrom().isEmpty();
  }

  private String counted() {
    if (!place.onHost()) {
      return ", reading alone";
    }
    return readsAreTried() ? "" : ", products alone";
  }

  private String time(long sweeps, double tokens) {
    double seconds =
        rates.seconds(plan.readBytes(sweeps), plan.sweepBytes(), (double) sweeps, tokens);
    return Figures.time(Duration.ofMillis(Math.round(1000 * seconds)));
  }

  private String basis() {
    String reading = Figures.bytes(rates.readBytesPerSecond()) + "/s from the model's files";
    if (!place.onHost()) {
      return reading + ", tried on the driver's machine; a GPU's share is not counted";
    }
    double tokens = 1 / (plan.sweepBytes() * Math.max(1e-18, rates.productSecondsPerToken()));
    String products = Figures.rate(tokens) + " tokens/s of products, tried on the driver's machine";
    return readsAreTried()
        ? reading + " and " + products + "; no attention"
        : products + "; no attention, no reads from the nodes' disks";
  }

  private String memory() {
    String host = "%s outside the heap".formatted(Figures.bytes((double) plan.hostBytes()));
    String room = "%s tokens kept for %s rows at once";
    return (plan.deviceBytes() == 0
            ? host
            : Figures.bytes((double) plan.deviceBytes()) + " on the GPU, " + host)
        + ", "
        + room.formatted(Figures.count(plan.kvTokens()), Figures.count(plan.waveRows()));
  }

  private static String range(String fewest, String most) {
    return fewest.equals(most) ? fewest : fewest + " to " + most;
  }

  private static void line(List<String> lines, String label, String value) {
    lines.add(String.format(Locale.ROOT, "  %-" + LABEL_WIDTH + "s %s", label, value));
  }
}
