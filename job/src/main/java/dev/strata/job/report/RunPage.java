package dev.strata.job.report;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.page.Bar;
import dev.strata.udfs.page.Element;
import dev.strata.udfs.page.Facts;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.page.Markup;
import dev.strata.udfs.page.Page;
import dev.strata.udfs.page.Sparkline;
import dev.strata.udfs.page.Table;
import dev.strata.udfs.page.Table.Column;
import dev.strata.udfs.spark.ErrorReasons;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A kept run as a page in one file, made of what its report has alone. */
public final class RunPage {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final KeptRun run;
  private final RunFigures figures;

  private RunPage(KeptRun run) {
    this.run = run;
    this.figures = run.figures();
  }

  /** The page's HTML. */
  public static String html(KeptRun run) {
    return new RunPage(run).html();
  }

  private String html() {
    List<Markup> parts = new ArrayList<>();
    parts.add(Element.of("h1", title(run)));
    parts.add(Element.of("p", subtitle(run)).styled("soft"));
    run.error().ifPresent(error -> parts.add(failure(error)));
    if (hasFigures()) {
      parts.add(tiles());
      addSection(parts, "Warnings", warnings());
      addSection(parts, "Errors", errors());
      addSection(parts, "Tokens per second", rates(figures));
      addSection(parts, "Where the time went", times());
      addSection(parts, "Memory", memory());
      addSection(parts, "Rows and tokens", counts());
    }
    addSection(parts, "What ran", facts());
    addSection(parts, "Options", options(true));
    addSection(parts, "Settings of Spark", options(false));
    addSection(parts, "Versions and machine", environment());
    addSection(parts, "Memory plan of an engine", plan());
    return Page.html("Strata: " + title(run), parts.toArray(Markup[]::new));
  }

  /** What was done, with which model. */
  static String title(KeptRun run) {
    String model = run.model().replaceFirst("/+$", "").replaceFirst(".*/", "");
    String task = (run.isRetry() ? "retry-failed of " : "") + run.command();
    return model.isEmpty() ? task : task + " with " + model;
  }

  static String subtitle(KeptRun run) {
    String started = "started " + time(run.started());
    return run.figures().seconds() > 0
        ? "%s, took %s: %s".formatted(started, Figures.time(run.time()), run.status())
        : "%s: %s".formatted(started, run.status());
  }

  static String time(Instant time) {
    return TIME.format(time);
  }

  private boolean hasFigures() {
    return figures.seconds() > 0;
  }

  private static void addSection(List<Markup> parts, String heading, Markup content) {
    if (!content.equals(Markup.nothing())) {
      parts.add(Element.of("section", Element.of("h2", heading), content));
    }
  }

  private static Markup failure(String error) {
    return Element.of("div", Element.of("b", "The run failed: "), Markup.text(error))
        .styled("warnings failed");
  }

  private Markup tiles() {
    Element tiles = Element.of("ul").styled("tiles");
    long errors = figures.rows().errors();
    tiles =
        tiles.add(
            tile(
                "rows",
                Figures.count(figures.rows().done()),
                errors == 0 ? "no errors" : Figures.errors(errors)),
            speed());
    RunFigures.Tokens tokens = figures.tokens();
    tiles =
        figures.isReading()
            ? tiles.add(tile("prompt tokens", Figures.count(tokens.prompt()), "none new"))
            : tiles.add(
                tile(
                    "new tokens",
                    Figures.count(tokens.fresh()),
                    Figures.count(tokens.prompt()) + " of prompts"));
    return tiles.add(
        tile("time", Figures.time(run.time()), inSweeps()),
        tile(
            "sweeps",
            Figures.count(figures.sweeps()),
            Figures.bytes((double) figures.bytesRead()) + " read"));
  }

  private Markup speed() {
    String perSecond =
        figures.tokensPerSecond() == 0 ? "–" : Figures.rate(figures.tokensPerSecond());
    String name = (figures.isReading() ? "prompt" : "new") + " tokens per second";
    if (figures.partOfLimit().isEmpty()) {
      return tile(name, perSecond, "");
    }
    double part = figures.partOfLimit().getAsDouble();
    String text = "%s of the limit of %s".formatted(percent(part), Figures.rate(limit()));
    return tile(name, perSecond, text).add(Bar.ofLimit(text, part));
  }

  /** Tokens per second if nothing had waited for anything else. */
  private double limit() {
    return figures.tokensPerSecond() / figures.partOfLimit().orElse(1);
  }

  private String inSweeps() {
    return figures.sweepSeconds() == 0
        ? ""
        : Figures.seconds(figures.sweepSeconds()) + " in sweeps";
  }

  private static Element tile(String name, String value, String more) {
    return Element.of(
        "li",
        Element.of("span", name).styled("soft"),
        Element.of("span", value).styled("value"),
        Element.of("span", more).styled("soft"));
  }

  private static String percent(double part) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * part);
  }

  private static String ofBudget(long bytes, long budget) {
    return Figures.bytes((double) bytes) + " of " + Figures.bytes((double) budget);
  }

  private Markup warnings() {
    Element list = Element.of("ul");
    for (String warning : RunWarnings.of(figures)) {
      list = list.add(Element.of("li", warning));
    }
    return list.content().isEmpty() ? Markup.nothing() : Element.of("div", list).styled("warnings");
  }

  private Markup errors() {
    ErrorReasons errors = run.errors();
    if (errors.rows() == 0) {
      return Markup.nothing();
    }
    Table table = Table.of(Column.text("error"), Column.number("rows"));
    errors.byFrequency().forEach(kind -> table.row(kind.text(), Figures.count(kind.rows())));
    Element again =
        Element.of(
            "p",
            Markup.text("When the reason is gone, this asks them again: "),
            Element.of("code", KeptCommand.retry(run.output())));
    return Markup.of(table.markup(), again);
  }

  /** Tokens per second as a run went on; nothing where they are not known. */
  static Markup rates(RunFigures figures) {
    List<Double> rates =
        figures.isReading() ? figures.rates().promptTokens() : figures.rates().newTokens();
    double[] values = rates.stream().mapToDouble(rate -> rate).toArray();
    double most = rates.stream().mapToDouble(rate -> rate).max().orElse(0);
    String what =
        "%s tokens per second, from 0 to %s"
            .formatted(figures.isReading() ? "prompt" : "new", Figures.rate(most));
    Markup line = Sparkline.of(what, values);
    return line.equals(Markup.nothing())
        ? line
        : Element.of(
            "figure",
            line,
            Element.of(
                    "figcaption",
                    Element.of("span", "0"),
                    Element.of("span", what),
                    Element.of(
                        "span", Figures.seconds(figures.rates().stepSeconds() * values.length)))
                .styled("ends"));
  }

  /** Where the time in sweeps went; nothing where that is not known. */
  static Markup timeParts(RunFigures figures) {
    return Bar.ofParts(
        "time in sweeps",
        List.of(
            part("computing", figures.sum(ExecutorFigures::computeSeconds), Bar.Colour.COMPUTE),
            part("waiting for copies", figures.sum(ExecutorFigures::copySeconds), Bar.Colour.COPY),
            part(
                "waiting for the disk",
                figures.sum(ExecutorFigures::diskSeconds),
                Bar.Colour.DISK)));
  }

  private Markup times() {
    Markup parts = timeParts(figures);
    if (parts.equals(Markup.nothing())) {
      return parts;
    }
    Table table =
        Table.of(
            Column.text("executor"),
            Column.number("sweeps"),
            Column.number("new tokens"),
            Column.number("bytes read"),
            Column.number("in sweeps"),
            Column.number("computing"),
            Column.number("copies"),
            Column.number("disk"),
            Column.number("of the limit"));
    for (ExecutorFigures executor : figures.executors()) {
      table.row(
          executor.name(),
          Figures.count(executor.sweeps()),
          Figures.count(executor.newTokens()),
          Figures.bytes((double) executor.bytesRead()),
          Figures.seconds(executor.sweepSeconds()),
          Figures.seconds(executor.computeSeconds()),
          Figures.seconds(executor.copySeconds()),
          Figures.seconds(executor.diskSeconds()),
          executor.partOfLimit().isEmpty() ? "" : percent(executor.partOfLimit().getAsDouble()));
    }
    Element note =
        Element.of(
                "p",
                "In sweeps %s of %s; the rest is Spark's: starting, reading rows, writing them."
                        .formatted(
                            Figures.seconds(figures.sweepSeconds()), Figures.time(run.time()))
                    + " The limit is what the slowest of disk, copies and computing allows for"
                    + " while nothing waits for it.")
            .styled("soft");
    return Markup.of(parts, note, table.markup());
  }

  private static Bar.Part part(String name, double seconds, Bar.Colour colour) {
    return new Bar.Part(name, seconds, Figures.seconds(seconds), colour);
  }

  private Markup memory() {
    boolean isOnDevice = figures.sum(executor -> executor.deviceBudget()) > 0;
    Table table =
        isOnDevice
            ? Table.of(
                Column.text("executor"), Column.text("host memory"), Column.text("device memory"))
            : Table.of(Column.text("executor"), Column.text("memory outside the heap"));
    for (ExecutorFigures executor : figures.executors()) {
      Markup name = Markup.text(executor.name());
      Markup host = used(executor.hostBytes(), executor.hostBudget());
      if (isOnDevice) {
        table.row(name, host, used(executor.deviceBytes(), executor.deviceBudget()));
      } else if (executor.hostBudget() > 0) {
        table.row(name, host);
      }
    }
    Facts facts = new Facts();
    RunFigures.CardMemory card = figures.card();
    if (card.card() > 0) {
      facts.add(
          "most on a card",
          Figures.bytes((double) card.card()) + ", page tables of pinned memory included");
    }
    if (card.process() > 0) {
      facts.add("most of a process", Figures.bytes((double) card.process()) + " by nvidia-smi");
    }
    return Markup.of(
        table.isEmpty() ? Markup.nothing() : table.markup(),
        facts.isEmpty() ? Markup.nothing() : facts.markup());
  }

  private static Markup used(long bytes, long budget) {
    if (budget == 0) {
      return Markup.text("none");
    }
    String text = ofBudget(bytes, budget);
    return Markup.of(Markup.text(text), Bar.ofLimit(text, (double) bytes / budget));
  }

  private Markup counts() {
    Facts facts = new Facts();
    RunFigures.Rows rows = figures.rows();
    RunFigures.Tokens tokens = figures.tokens();
    facts.add("rows done", Figures.count(rows.done()));
    addCount(facts, "rows with errors", rows.errors());
    addCount(facts, "taken over from before", rows.kept());
    addCount(facts, "equal prompts, asked once", rows.repeated());
    if (rows.continued() + rows.resumed() > 0) {
      facts.add(
          "continued",
          "%s rows were finished before, %s begun; %s tokens were not computed again"
              .formatted(
                  Figures.count(rows.continued()),
                  Figures.count(rows.resumed()),
                  Figures.count(tokens.continued())));
    }
    facts.add("prompt tokens", Figures.count(tokens.prompt()));
    facts.add("new tokens", Figures.count(tokens.fresh()));
    addCount(facts, "low-margin tokens", tokens.lowMargin());
    RunFigures.Experts experts = figures.experts();
    if (experts.all() > 0) {
      double part = (double) experts.used() / experts.all();
      String text =
          "%s of %s: routing saved %s"
              .formatted(
                  Figures.bytes((double) experts.used()),
                  Figures.bytes((double) experts.all()),
                  percent(1 - part));
      facts.add("experts used", Markup.text(text), Bar.ofLimit(text, part));
    }
    return facts.markup();
  }

  private static void addCount(Facts facts, String name, long count) {
    if (count > 0) {
      facts.add(name, Figures.count(count));
    }
  }

  private Markup facts() {
    return new Facts()
        .add("model", run.model())
        .add("input", run.input())
        .add("output", run.output())
        .add("started", time(run.started()))
        .add("application", run.application())
        .add("identity", run.identity())
        .add("command", Element.of("pre", String.join(" \\\n  ", KeptCommand.parts(run))))
        .markup();
  }

  /** Strata's by the names of the command line, Spark's by their own. */
  private Markup options(boolean areOurs) {
    Facts facts = new Facts();
    run.settings()
        .forEach(
            (key, value) -> {
              if (key.startsWith("spark.strata.") == areOurs) {
                facts.add(optionName(key), value);
              }
            });
    return facts.isEmpty() ? Markup.nothing() : facts.markup();
  }

  /** The command line's name of a key, where there is one. */
  static String optionName(String key) {
    return StrataKeys.all().stream()
        .filter(known -> known.name().equals(key) && !StrataKeys.isOfSql(known))
        .map(ConfKey::option)
        .findFirst()
        .orElse(key);
  }

  private Markup environment() {
    Facts facts = new Facts();
    run.environment().forEach(facts::add);
    return facts.isEmpty() ? Markup.nothing() : facts.markup();
  }

  private Markup plan() {
    return run.plan().isEmpty()
        ? Markup.nothing()
        : Element.of("pre", String.join("\n", run.plan()));
  }
}
