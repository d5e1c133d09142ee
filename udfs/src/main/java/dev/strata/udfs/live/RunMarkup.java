package dev.strata.udfs.live;

import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.page.Bar;
import dev.strata.udfs.page.Element;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.page.Markup;
import dev.strata.udfs.page.Sparkline;
import dev.strata.udfs.page.Table;
import dev.strata.udfs.page.Table.Column;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A run as people read it.
 *
 * @param view the run
 * @param all those of the application
 * @param page which of the pages of engines is shown, counted from 1
 * @param refreshes whether the page comes again by itself while the run goes on
 */
record RunMarkup(RunView view, List<RunView> all, int page, boolean refreshes) {

  private static final int SECONDS_TO_REFRESH = 5;

  /** Of a page, which stays small however many executors there are. */
  private static final int ENGINES_OF_A_PAGE = 50;

  private static final int MOST_RUNS = 20;

  private static final String UNKNOWN = "–";

  private RunFigures run() {
    return view.figures();
  }

  private WorkFigures work() {
    return run().work();
  }

  private boolean isRunning() {
    return run().state() == RunState.RUNNING;
  }

  /** All of it. */
  Markup markup() {
    return Markup.of(refresh(), head(), total(), engines(), errors(), others());
  }

  /** The browser forgets the old page, so that nothing piles up in it. */
  private Markup refresh() {
    if (!isRunning()) {
      return Markup.nothing();
    }
    Element link =
        Element.of("a", refreshes ? "keep it as it is" : "refresh again")
            .with("href", address(page) + (refreshes ? "&refresh=off" : ""));
    return refreshes
        ? Markup.of(
            again(),
            Element.of("p", Markup.text("The page comes again every 5 seconds: "), link)
                .styled("soft"))
        : Element.of("p", link);
  }

  /** Makes a browser ask for the page again. */
  static Markup again() {
    return Element.of("meta")
        .with("http-equiv", "refresh")
        .with("content", Integer.toString(SECONDS_TO_REFRESH));
  }

  private String address(int ofPage) {
    return "?run=" + run().run() + "&page=" + ofPage;
  }

  private Markup head() {
    String models = String.join(", ", run().models());
    return Element.of("h2", "Run %d, %s: %s".formatted(run().run(), run().state(), models));
  }

  private Markup total() {
    return Markup.of(
        Element.of(
                "ul",
                tile(rows(), "rows" + waiting()),
                tile(Figures.count(work().newTokens()), "tokens generated" + ofPrompts()),
                tile(rate(work().tokensPerSecond()), "tokens per second" + limit()),
                tile(time(), "since " + clock(run().started()) + toGo()),
                tile(
                    Figures.bytes((double) work().readBytes()),
                    "read in %s sweeps".formatted(Figures.count(work().sweeps()))))
            .styled("tiles"),
        rowsBar(),
        Element.of("h3", "Tokens per second"),
        line("tokens per second of all executors", view.speed()),
        Element.of("h3", "Time of sweeps"),
        times(work().times()));
  }

  private static Markup tile(String value, String what) {
    return Element.of(
        "li", Element.of("span", value).styled("value"), Element.of("span", what).styled("soft"));
  }

  private String rows() {
    return run().expectedRows() < 0
        ? Figures.count(work().rows())
        : "%s of %s".formatted(Figures.count(work().rows()), Figures.count(run().expectedRows()));
  }

  private String waiting() {
    int active = run().engines().stream().mapToInt(EngineFigures::active).sum();
    int waiting = run().engines().stream().mapToInt(EngineFigures::waiting).sum();
    String failed =
        work().errors() == 0 ? "" : ", %s of them failed".formatted(Figures.count(work().errors()));
    return active + waiting == 0
        ? failed
        : "%s; %s in waves, %s waiting"
            .formatted(failed, Figures.count(active), Figures.count(waiting));
  }

  private String ofPrompts() {
    return ", %s of prompts read".formatted(Figures.count(work().promptTokens()));
  }

  private static String rate(double perSecond) {
    return perSecond > 0 ? Figures.rate(perSecond) : UNKNOWN;
  }

  private String limit() {
    double limit = work().limitPerSecond();
    return limit > 0
        ? ", %.0f %% of the %s possible"
            .formatted(100 * work().tokensPerSecond() / limit, Figures.rate(limit))
        : "";
  }

  private String time() {
    return Figures.time(Duration.ofMillis(run().seen() - run().started()));
  }

  private String toGo() {
    return run().toGoMillis() < 0
        ? ""
        : ", about %s to go".formatted(Figures.time(Duration.ofMillis(run().toGoMillis())));
  }

  private Markup rowsBar() {
    return run().expectedRows() <= 0
        ? Markup.nothing()
        : Bar.ofLimit(rows() + " rows are done", (double) work().rows() / run().expectedRows());
  }

  private static Markup line(String what, Series series) {
    return Sparkline.of(what, series.array());
  }

  private static Markup times(SweepTimes times) {
    return Bar.ofParts(
        "time of sweeps",
        List.of(
            part("waiting for the disk", times.diskNanos(), Bar.Colour.DISK),
            part("waiting for copies", times.copyNanos(), Bar.Colour.COPY),
            part("computing", times.computeNanos(), Bar.Colour.COMPUTE)));
  }

  private static Bar.Part part(String name, long nanos, Bar.Colour colour) {
    return new Bar.Part(name, (double) nanos, Figures.time(Duration.ofNanos(nanos)), colour);
  }

  private Markup engines() {
    List<EngineFigures> engines = run().engines();
    long first = Math.max(0L, page - 1) * ENGINES_OF_A_PAGE;
    Table table =
        Table.of(
            Column.text("executor"),
            Column.text("model"),
            Column.number("sweep"),
            Column.number("layer"),
            Column.number("in the wave"),
            Column.number("waiting"),
            Column.number("tokens"),
            Column.number("tokens/s"),
            Column.number("possible"),
            Column.text("of late"),
            Column.number("waits for disk"),
            Column.number("for copies"),
            Column.number("computes"),
            Column.number("read"),
            Column.text("host memory"),
            Column.text("device memory"));
    engines.stream().skip(first).limit(ENGINES_OF_A_PAGE).forEach(each -> row(table, each));
    return Markup.of(Element.of("h3", "Executors"), table.markup(), pages(engines.size()));
  }

  private void row(Table table, EngineFigures engine) {
    boolean works = engine.active() > 0;
    String model = engine.engine().replaceFirst("@[^@]*$", "");
    table.row(
        Markup.text(engine.executor() + (engine.isGone() ? ", lost" : "")),
        Markup.text(model),
        Markup.text(Figures.count(engine.sweep())),
        Markup.text(works ? engine.layer() + "/" + engine.layers() : UNKNOWN),
        Markup.text(Figures.count(engine.active())),
        Markup.text(Figures.count(engine.waiting())),
        Markup.text(Figures.count(engine.newTokens())),
        Markup.text(rate(engine.tokensPerSecond())),
        Markup.text(rate(engine.limitPerSecond())),
        line(
            "tokens per second of executor " + engine.executor(),
            view.engineSpeeds().getOrDefault(engine.engine(), Series.NONE)),
        part(engine.times().diskNanos(), engine.times()),
        part(engine.times().copyNanos(), engine.times()),
        part(engine.times().computeNanos(), engine.times()),
        Markup.text(Figures.bytes((double) engine.readBytes())),
        memory("host", engine.memory().hostBytes(), engine.memory().hostBudget()),
        memory("device", engine.memory().deviceBytes(), engine.memory().deviceBudget()));
  }

  private static Markup part(long nanos, SweepTimes of) {
    return Markup.text("%.0f %%".formatted(100.0 * nanos / Math.max(1, of.nanos())));
  }

  private static Markup memory(String where, long bytes, long budget) {
    if (budget == 0) {
      return Markup.text(UNKNOWN);
    }
    String text =
        "%s of %s".formatted(Figures.bytes((double) bytes), Figures.bytes((double) budget));
    return Markup.of(
        Bar.ofLimit("%s memory: %s".formatted(where, text), (double) bytes / budget),
        Markup.text(text));
  }

  private Markup pages(int engines) {
    int pages = (engines + ENGINES_OF_A_PAGE - 1) / ENGINES_OF_A_PAGE;
    if (pages < 2) {
      return Markup.nothing();
    }
    List<Markup> links = new ArrayList<>(List.of(Markup.text("page ")));
    for (int i = 1; i <= pages; i++) {
      links.add(
          i == page ? Markup.text(i + " ") : Element.of("a", i + " ").with("href", address(i)));
    }
    return Element.of("p", links.toArray(Markup[]::new));
  }

  private Markup errors() {
    if (run().errors().isEmpty()) {
      return Markup.nothing();
    }
    Table table = Table.of(Column.number("rows"), Column.text("error"));
    run().errors().entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
        .forEach(error -> table.row(Figures.count(error.getValue()), error.getKey()));
    return Markup.of(Element.of("h3", "Errors"), table.markup());
  }

  private Markup others() {
    Table table =
        Table.of(
            Column.text("run"),
            Column.text("model"),
            Column.text("state"),
            Column.text("began"),
            Column.number("time"),
            Column.number("rows"),
            Column.number("failed"),
            Column.number("tokens"),
            Column.number("tokens/s"));
    all.stream()
        .filter(other -> other.id() != view.id())
        .limit(MOST_RUNS)
        .forEach(other -> row(table, other.figures()));
    return table.isEmpty()
        ? Markup.nothing()
        : Markup.of(Element.of("h3", "Other runs"), table.markup());
  }

  private static void row(Table table, RunFigures run) {
    String number = Long.toString(run.run());
    table.row(
        Element.of("a", number).with("href", "?run=" + number),
        Markup.text(String.join(", ", run.models())),
        Markup.text(run.state().toString()),
        Markup.text(clock(run.started())),
        Markup.text(Figures.time(Duration.ofMillis(run.seen() - run.started()))),
        Markup.text(Figures.count(run.work().rows())),
        Markup.text(Figures.count(run.work().errors())),
        Markup.text(Figures.count(run.work().newTokens())),
        Markup.text(Figures.rate(run.work().tokensPerSecond())));
  }

  private static String clock(long millis) {
    return DateTimeFormatter.ISO_LOCAL_DATE_TIME
        .format(
            Instant.ofEpochMilli(millis)
                .atZone(ZoneId.systemDefault())
                .toLocalDateTime()
                .truncatedTo(ChronoUnit.SECONDS))
        .replace('T', ' ');
  }
}
