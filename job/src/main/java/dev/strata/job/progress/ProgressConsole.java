package dev.strata.job.progress;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.live.TimeToGo;
import dev.strata.udfs.spark.RunProgress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Shows the progress line while a run goes on: rewritten in place on a terminal, with a bar, and a
 * line for each engine where they are few; and as a line now and then elsewhere.
 */
public final class ProgressConsole implements AutoCloseable {

  private static final Duration ON_TERMINAL = Duration.ofMillis(500);
  private static final Duration ELSEWHERE = Duration.ofSeconds(10);
  private static final Duration SPEED_WINDOW = Duration.ofSeconds(15);

  /** Set by the launcher script where the console is a terminal: its width. */
  private static final String COLUMNS = "STRATA_COLUMNS";

  private static final int DEFAULT_WIDTH = 80;

  /** Characters of the bar of rows. */
  private static final int BAR = 16;

  /** A log's lines are whole. */
  private static final int ANY_WIDTH = Integer.MAX_VALUE;

  private final ProgressListener listener;
  private final PrintStream out;
  private final boolean terminal;
  private final int width;
  private final Speed speed = new Speed(SPEED_WINDOW);
  private final TimeToGo timeToGo = new TimeToGo(System.nanoTime());
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(ProgressConsole::daemon);
  private final Redrawing redrawing = new Redrawing();
  private List<String> shown = List.of();

  private ProgressConsole(ProgressListener listener, PrintStream out, boolean terminal, int width) {
    this.listener = listener;
    this.out = out;
    this.terminal = terminal;
    this.width = width;
    speed.read(System.nanoTime(), 0); // the first report has a speed, too
  }

  /**
   * Begins to show the line.
   *
   * @param mode {@code on} rewrites it in place, {@code auto} does so where the launcher script
   *     found a terminal, {@code off} shows nothing
   */
  public static ProgressConsole start(ProgressListener listener, PrintStream out, String mode) {
    boolean terminal = mode.equals("on") || System.getenv(COLUMNS) != null;
    ProgressConsole console =
        new ProgressConsole(listener, out, terminal, terminal ? width() : ANY_WIDTH);
    if (!mode.equals("off")) {
      long millis = (terminal ? ON_TERMINAL : ELSEWHERE).toMillis();
      var unused =
          console.timer.scheduleAtFixedRate(console::show, millis, millis, TimeUnit.MILLISECONDS);
    }
    return console;
  }

  /** Shows no more, and leaves a terminal's line blank for what comes next. */
  @Override
  public void close() {
    timer.shutdown();
    synchronized (this) {
      if (terminal && !shown.isEmpty()) {
        out.print(redrawing.end());
        out.flush();
      }
    }
  }

  private synchronized void show() {
    if (timer.isShutdown()) {
      return;
    }
    long now = System.nanoTime();
    RunProgress progress = listener.progress();
    OptionalLong total = listener.totalRows();
    speed.read(now, progress.sum(EngineSnapshot::newTokens));
    timeToGo.read(now, !progress.engines().isEmpty(), progress.rows().done());
    List<String> lines = new ArrayList<>();
    String bar = terminal ? bar(progress, total) : "";
    lines.add(
        bar
            + ProgressLine.render(
                progress,
                listener.engines(),
                total,
                speed.perSecond(),
                timeToGo.guess(now, total),
                width - 1 - bar.length()));
    if (terminal) {
      lines.addAll(EngineLines.render(progress, listener.course().executors(), width - 1));
    }
    print(lines);
  }

  private static String bar(RunProgress progress, OptionalLong total) {
    return total.isEmpty() || total.getAsLong() == 0
        ? ""
        : ProgressBar.of((double) progress.rows().done() / total.getAsLong(), BAR) + " ";
  }

  private void print(List<String> lines) {
    if (lines.equals(shown)) {
      return;
    }
    shown = lines;
    if (terminal) {
      out.print(redrawing.of(lines));
    } else {
      lines.forEach(out::println);
    }
    out.flush();
  }

  private static int width() {
    String columns = System.getenv(COLUMNS);
    return columns != null && columns.matches("[1-9]\\d{0,3}")
        ? Integer.parseInt(columns)
        : DEFAULT_WIDTH;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "strata-progress");
    thread.setDaemon(true);
    return thread;
  }
}
