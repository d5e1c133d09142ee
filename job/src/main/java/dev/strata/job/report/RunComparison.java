package dev.strata.job.report;

import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.ErrorReasons;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * What two runs have differently.
 *
 * @param figures in groups, those that are nothing in both left out
 * @param errors rows with an error of each kind
 * @param options that differ, by the names of the command line
 * @param environment versions and machines that differ, by name
 */
record RunComparison(
    List<Figure> figures,
    List<Errors> errors,
    Map<String, Texts> options,
    Map<String, Texts> environment) {

  /** What stands where one of the two has nothing. */
  static final String NONE = "–";

  /** What a figure counts. */
  enum Unit {
    COUNT,
    RATE,
    PART,
    BYTES,
    TIME;

    private String text(double value) {
      return switch (this) {
        case COUNT -> Figures.count(Math.round(value));
        case RATE -> Figures.rate(value);
        case PART -> String.format(Locale.ROOT, "%.0f %%", 100 * value);
        case BYTES -> Figures.bytes(value);
        case TIME -> Figures.seconds(value);
      };
    }
  }

  /**
   * A figure of both.
   *
   * @param name for people
   * @param key for programs
   */
  record Figure(String name, String key, double a, double b, Unit unit) {

    String textOfA() {
      return text(a);
    }

    String textOfB() {
      return text(b);
    }

    private String text(double value) {
      return value == 0 ? NONE : unit.text(value);
    }

    /** By how much of the first the second is more. */
    double change() {
      return b / a - 1;
    }

    /** The same for people; empty where it cannot be said, or nothing differs. */
    String changeText() {
      return a == 0 || b == 0 || a == b
          ? ""
          : String.format(Locale.ROOT, "%+.1f %%", 100 * change());
    }
  }

  /** Rows with errors of one kind. */
  record Errors(String error, long a, long b) {}

  /** A text of both; null where one has none. */
  record Texts(String a, String b) {

    String shownA() {
      return a == null ? NONE : a;
    }

    String shownB() {
      return b == null ? NONE : b;
    }
  }

  /** Keys that tell nothing of what a run does. */
  private static final List<String> OF_PLACES =
      List.of("spark.app.id", "spark.app.submitTime", "spark.driver.port", "spark.app.startTime");

  static RunComparison of(KeptRun a, KeptRun b) {
    return new RunComparison(
        figures(a.figures(), b.figures()),
        errors(a.errors(), b.errors()),
        options(a.settings(), b.settings()),
        differences(a.environment(), b.environment()));
  }

  private static List<Figure> figures(RunFigures a, RunFigures b) {
    List<Figure> all = new ArrayList<>();
    boolean isReading = a.isReading() && b.isReading();
    add(
        all,
        (isReading ? "prompt" : "new") + " tokens per second",
        "tokensPerSecond",
        Unit.RATE,
        of(a, b, RunFigures::tokensPerSecond));
    add(
        all,
        "part of the limit",
        "partOfLimit",
        Unit.PART,
        of(a, b, f -> f.partOfLimit().orElse(0)));
    add(all, "time", "seconds", Unit.TIME, of(a, b, RunFigures::seconds));
    add(all, "in sweeps, at most", "sweepSeconds", Unit.TIME, of(a, b, RunFigures::sweepSeconds));
    addTime(all, a, b, "computing, in all", "computeSeconds", ExecutorFigures::computeSeconds);
    addTime(all, a, b, "waiting for copies, in all", "copySeconds", ExecutorFigures::copySeconds);
    addTime(all, a, b, "waiting for disk, in all", "diskSeconds", ExecutorFigures::diskSeconds);
    add(all, "executors", "executors", Unit.COUNT, of(a, b, f -> f.executors().size()));
    add(all, "sweeps", "sweeps", Unit.COUNT, of(a, b, RunFigures::sweeps));
    add(all, "bytes read", "bytesRead", Unit.BYTES, of(a, b, RunFigures::bytesRead));
    add(all, "experts used", "expertsUsed", Unit.PART, of(a, b, RunComparison::expertsUsed));
    addMemory(all, a, b, "host memory", "hostBytes", ExecutorFigures::hostBytes);
    addMemory(all, a, b, "device memory", "deviceBytes", ExecutorFigures::deviceBytes);
    add(all, "most on a card", "cardBytes", Unit.BYTES, of(a, b, f -> f.card().card()));
    add(all, "rows done", "rowsDone", Unit.COUNT, of(a, b, f -> f.rows().done()));
    add(all, "rows with errors", "rowsFailed", Unit.COUNT, of(a, b, f -> f.rows().errors()));
    add(all, "rows taken over", "rowsKept", Unit.COUNT, of(a, b, f -> f.rows().kept()));
    add(all, "prompt tokens", "promptTokens", Unit.COUNT, of(a, b, f -> f.tokens().prompt()));
    add(all, "new tokens", "newTokens", Unit.COUNT, of(a, b, f -> f.tokens().fresh()));
    add(all, "low-margin tokens", "lowMargin", Unit.COUNT, of(a, b, f -> f.tokens().lowMargin()));
    add(
        all,
        "computed twice",
        "computedTwice",
        Unit.COUNT,
        of(a, b, f -> f.tokens().computedTwice()));
    return List.copyOf(all);
  }

  private static double expertsUsed(RunFigures figures) {
    RunFigures.Experts experts = figures.experts();
    return experts.all() == 0 ? 0 : (double) experts.used() / experts.all();
  }

  private static void addTime(
      List<Figure> all,
      RunFigures a,
      RunFigures b,
      String name,
      String key,
      ToDoubleFunction<ExecutorFigures> figure) {
    add(all, name, key, Unit.TIME, of(a, b, figures -> figures.sum(figure)));
  }

  /** Of the executor that held most. */
  private static void addMemory(
      List<Figure> all,
      RunFigures a,
      RunFigures b,
      String name,
      String key,
      ToDoubleFunction<ExecutorFigures> figure) {
    add(
        all,
        name,
        key,
        Unit.BYTES,
        of(a, b, figures -> figures.executors().stream().mapToDouble(figure).max().orElse(0)));
  }

  private static double[] of(RunFigures a, RunFigures b, ToDoubleFunction<RunFigures> figure) {
    return new double[] {figure.applyAsDouble(a), figure.applyAsDouble(b)};
  }

  private static void add(List<Figure> all, String name, String key, Unit unit, double[] both) {
    if (both[0] != 0 || both[1] != 0) {
      all.add(new Figure(name, key, both[0], both[1], unit));
    }
  }

  /** Of the same kind are errors that differ in what is their rows' own alone. */
  private static List<Errors> errors(ErrorReasons a, ErrorReasons b) {
    Map<String, Errors> all = new LinkedHashMap<>();
    for (ErrorReasons.Kind kind : a.byFrequency()) {
      all.put(ofAnyRow(kind), new Errors(kind.text(), kind.rows(), 0));
    }
    for (ErrorReasons.Kind kind : b.byFrequency()) {
      all.merge(
          ofAnyRow(kind),
          new Errors(kind.text(), 0, kind.rows()),
          (one, other) -> new Errors(one.error(), one.a() + other.a(), one.b() + other.b()));
    }
    return List.copyOf(all.values());
  }

  private static String ofAnyRow(ErrorReasons.Kind kind) {
    return ErrorReasons.of(kind.example()).kinds().keySet().iterator().next();
  }

  private static Map<String, Texts> options(Map<String, String> a, Map<String, String> b) {
    Map<String, Texts> named = new LinkedHashMap<>();
    differences(a, b)
        .forEach(
            (key, texts) -> {
              if (!OF_PLACES.contains(key)) {
                named.put(RunPage.optionName(key), texts);
              }
            });
    return named;
  }

  private static Map<String, Texts> differences(Map<String, String> a, Map<String, String> b) {
    Map<String, Texts> different = new LinkedHashMap<>();
    Collection<String> names = new TreeSet<>(a.keySet());
    names.addAll(b.keySet());
    for (String name : names) {
      if (!Objects.equals(a.get(name), b.get(name))) {
        different.put(name, new Texts(a.get(name), b.get(name)));
      }
    }
    return different;
  }
}
