package dev.strata.job.reliability;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.live.LiveView;
import dev.strata.udfs.live.StrataPlugin;
import dev.strata.udfs.spark.Strata;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What it costs that a run can be watched: the same rows with the plugin, the tab in a browser that
 * asks for it every second, metrics that are read as often, and an event log, and without any of
 * them, in turn, on one engine; and how much of the time of those with them goes by in their code.
 *
 * <p>{@code -Dstrata.cost.pairs} is how many of each, 10 unless set.
 */
class LiveCost {

  private static final int PAIRS = Integer.getInteger("strata.cost.pairs", 10);

  private static final HttpClient BROWSER = HttpClient.newHttpClient();

  @TempDir Path directory;

  @Test
  void aRunThatIsWatchedAndOneThatIsNot() throws Exception {
    pair(true); // all is warm then
    List<Cost.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(pair(i % 2 == 0));
    }
    System.out.printf("%d runs of each, in turn%n", PAIRS);
    Cost.print(pairs);
    sample();
  }

  private Cost.Pair pair(boolean watchedFirst) throws Exception {
    if (watchedFirst) {
      Cost with = watched(Cost::of);
      return new Cost.Pair(with, unwatched());
    }
    Cost without = unwatched();
    return new Cost.Pair(watched(Cost::of), without);
  }

  private void sample() throws Exception {
    Samples samples = watched(work -> Samples.of(directory.resolve("samples.jfr"), work));
    int live =
        samples.in("dev.strata.udfs.live.").size() + samples.in("dev.strata.udfs.page.").size();
    System.out.printf(
        "of %d samples of all threads %d are in what shows the run (%.1f %%)%n",
        samples.all().size(), live, 100.0 * live / samples.all().size());
  }

  /** What is done with the run. */
  @FunctionalInterface
  private interface Measure<T> {
    T of(Cost.Work work) throws Exception;
  }

  private <T> T watched(Measure<T> measure) throws Exception {
    SparkSession session =
        TestSession.local(2)
            .config("spark.ui.enabled", true)
            .config("spark.ui.port", 0)
            .config("spark.plugins", StrataPlugin.class.getName())
            .config("spark.executor.heartbeatInterval", "2s")
            .config("spark.eventLog.enabled", true)
            .config(
                "spark.eventLog.dir", Files.createDirectories(directory.resolve("log")).toString())
            .config(
                "spark.metrics.conf.*.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet")
            .config("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus/")
            .getOrCreate();
    ScheduledExecutorService browser = Executors.newSingleThreadScheduledExecutor();
    try {
      Dataset<Row> rows = warm(session);
      String address = session.sparkContext().uiWebUrl().get();
      var unused =
          browser.scheduleWithFixedDelay(
              () -> {
                get(address + "/strata/");
                get(address + "/metrics/prometheus/");
              },
              0,
              1,
              TimeUnit.SECONDS);
      return measure.of(() -> run(session, rows));
    } finally {
      browser.shutdownNow();
      session.stop();
    }
  }

  private Cost unwatched() throws Exception {
    SparkSession session =
        TestSession.local(2).config("spark.executor.heartbeatInterval", "2s").getOrCreate();
    try {
      session.sparkContext().listenerBus().removeListener(LiveView.of(session.sparkContext()));
      Dataset<Row> rows = warm(session);
      return Cost.of(() -> run(session, rows));
    } finally {
      session.stop();
    }
  }

  /** The rows are read, and the engine is there. */
  private static Dataset<Row> warm(SparkSession session) {
    Dataset<Row> rows = JournalCost.rows(session);
    rows.count();
    run(session, rows.limit(1));
    return rows;
  }

  private static void run(SparkSession session, Dataset<Row> rows) {
    Strata.on(session, StrataConf.of(JournalCost.keys()))
        .translate(rows)
        .write()
        .format("noop")
        .mode("overwrite")
        .save();
  }

  private static void get(String address) {
    try {
      HttpResponse<Void> unused =
          BROWSER.send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.discarding());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
