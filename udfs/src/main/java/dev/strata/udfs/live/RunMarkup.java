package dev.strata.udfs.live;

import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.page.Bar;
import dev.strata.udfs.page.Element;
import dev.strata.udfs.page.Facts;
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
        Element.of("a", refreshes ? "stop refreshing" : "refresh")
            .with("href", address(page) + (refreshes ? "&refresh=off" : ""));
    return refreshes
        ? Markup.of(
            Element.of("meta")
                .with("http-equiv", "refresh")
                .with("content", Integer.toString(SECONDS_TO_REFRESH)),
            Element.of("p", Markup.text("Comes again every 5 seconds: "), link))
        : Element.of("p", link);
  }

  private String address(int ofPage) {
    return "?run=" + run().run() + "&page=" + ofPage;
  }

  private Markup head() {
    String models = String.join(", ", run().models());
    return Element.of("h2", "Run %d, %s: %s".formatted(run().run(), run().state(), models));
  }

  private Markup total() {
    Facts facts = new Facts();
    facts.add("rows", rows());
    facts.add("tokens", tokens());
    facts.add("speed", speed(work().tokensPerSecond(), work().limitPerSecond()));
    facts.add("sweeps", Figures.count(work().sweeps()));
    facts.add("bytes read", Figures.bytes((double) work().readBytes()));
    facts.add("began", time(run().started()));
    Duration time = Duration.ofMillis(run().seen() - run().started());
    facts.add("time", Figures.time(time) + toGo());
    return Markup.of(
        rowsBar(),
        facts.markup(),
        Element.of("h3", "Tokens per second"),
        line("tokens per second of all executors", view.speed()),
        Element.of("h3", "Time of sweeps"),
        times(work().times()));
  }

  private String toGo() {
    return run().toGoMillis() < 0
        ? ""
        : ", about %s to go".formatted(Figures.time(Duration.ofMillis(run().toGoMillis())));
  }

  private String rows() {
    String done =
        run().expectedRows() < 0
            ? Figures.count(work().rows())
            : "%s of %s"
                .formatted(Figures.count(work().rows()), Figures.count(run().expectedRows()));
    return work().errors() == 0
        ? done
        : "%s, %s failed".formatted(done, Figures.count(work().errors()));
  }

  private String tokens() {
    return "%s generated, %s of prompts"
        .formatted(Figures.count(work().newTokens()), Figures.count(work().promptTokens()));
  }

  private static String speed(double perSecond, double limit) {
    return perSecond <= 0
        ? UNKNOWN
        : "%s tokens per second, %s if nothing waited (%.0f %%)"
            .formatted(Figures.rate(perSecond), Figures.rate(limit), 100 * perSecond / limit);
  }

  private Markup rowsBar() {
    return run().expectedRows() <= 0
        ? Markup.nothing()
        : Bar.ofLimit("rows done: " + rows(), (double) work().rows() / run().expectedRows());
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
            Column.text("waits: disk, copy; computes"),
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
        Markup.text(works ? Figures.rate(engine.tokensPerSecond()) : UNKNOWN),
        Markup.text(works ? Figures.rate(engine.limitPerSecond()) : UNKNOWN),
        line(
            "tokens per second of executor " + engine.executor(),
            view.engineSpeeds().getOrDefault(engine.engine(), Series.NONE)),
        Markup.text(waits(engine.times())),
        Markup.text(Figures.bytes((double) engine.readBytes())),
        memory("host", engine.memory().hostBytes(), engine.memory().hostBudget()),
        memory("device", engine.memory().deviceBytes(), engine.memory().deviceBudget()));
  }

  private static String waits(SweepTimes times) {
    double all = Math.max(1, times.nanos());
    return "%.0f %%, %.0f %%; %.0f %%"
        .formatted(
            100 * times.diskNanos() / all,
            100 * times.copyNanos() / all,
            100 * times.computeNanos() / all);
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
        Markup.text(time(run.started())),
        Markup.text(Figures.time(Duration.ofMillis(run.seen() - run.started()))),
        Markup.text(Figures.count(run.work().rows())),
        Markup.text(Figures.count(run.work().errors())),
        Markup.text(Figures.count(run.work().newTokens())),
        Markup.text(Figures.rate(run.work().tokensPerSecond())));
  }

  private static String time(long millis) {
    return DateTimeFormatter.ISO_LOCAL_DATE_TIME
        .format(
            Instant.ofEpochMilli(millis)
                .atZone(ZoneId.systemDefault())
                .toLocalDateTime()
                .truncatedTo(ChronoUnit.SECONDS))
        .replace('T', ' ');
  }
}
