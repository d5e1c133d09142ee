package dev.strata.udfs.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.EngineTotals;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import dev.strata.udfs.spark.TasksUnderWay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.history.FsHistoryProvider;
import org.apache.spark.deploy.history.HistoryServer;
import org.apache.spark.deploy.history.HistoryServer$;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is seen of a run while it goes on, when it is over, and in the history server. */
@Timeout(240)
class LiveRunTest {

  private static final int ROWS = 24;
  private static final int TOKENS = 80;

  @TempDir Path folder;

  /** Pages that were fetched while the run went on. */
  private record Seen(List<String> tab, List<String> metrics) {}

  private Seen watch(SparkSession spark, CompletableFuture<?> run) throws Exception {
    Seen seen = new Seen(new ArrayList<>(), new ArrayList<>());
    while (!run.isDone()) {
      Thread.sleep(200);
      String metrics = Web.page(spark, "/metrics/prometheus/");
      if (!run.isDone() && Web.metric(metrics, "sweeps") > 0) {
        seen.metrics().add(metrics);
        seen.tab().add(Web.page(spark, "/strata/"));
      }
    }
    run.get();
    spark.sparkContext().listenerBus().waitUntilEmpty();
    return seen;
  }

  private static void assertSafe(String page) {
    assertThat(page)
        .doesNotContain("<script>alert")
        .doesNotContain(LiveSession.ROW_TEXT)
        .doesNotContain("hunter2");
    String ours = page.substring(page.indexOf("class=\"strata\""));
    assertThat(ours.substring(0, ours.indexOf("</div>")))
        .doesNotContain("<script")
        .doesNotContain("src=")
        .doesNotContain("url(")
        .doesNotContain("//");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRunIsSeen(boolean hasPlugin) throws Exception {
    SparkSession.Builder builder =
        LiveSession.builder(folder).config("spark.hadoop.fs.s3a.secret.key", "hunter2");
    if (hasPlugin) {
      builder.config("spark.plugins", StrataPlugin.class.getName());
    } else {
      builder.config("spark.strata.idle.timeout", "0s"); // its engine is closed, which still counts
    }
    SparkSession spark = builder.getOrCreate();
    long before = EngineTotals.ofThisJvm().newTokens();
    String application = spark.sparkContext().applicationId();
    String done;
    RunProgress progress;
    try {
      EngineStats stats = EngineStats.register(spark);
      LiveView.of(spark.sparkContext()).expect(stats.id(), ROWS);
      var rows = LiveSession.rows(spark, LiveSession.model(folder), ROWS, TOKENS, stats);
      Seen seen = watch(spark, CompletableFuture.runAsync(rows::collectAsList));
      progress = stats.value();
      List<String> running =
          seen.tab().stream().filter(tab -> tab.contains(", running: ")).toList();
      assertThat(running).isNotEmpty();
      String tab = running.get(running.size() - 1);
      assertThat(tab)
          .contains("http-equiv=\"refresh\"")
          .containsPattern(">\\d+/12<")
          .containsPattern("\\d+ of " + ROWS)
          .contains("m&lt;script&gt;alert(&#39;1&#39;)&amp;")
          .contains("tokens per second")
          .contains("waiting for the disk");
      seen.tab().forEach(LiveRunTest::assertSafe);
      if (hasPlugin) {
        assertThat(Web.metric(seen.metrics().get(0), "tokens.generated"))
            .isPositive()
            .isLessThan(ROWS * TOKENS);
      }

      String metrics = Web.page(spark, "/metrics/prometheus/");
      assertMetrics(metrics, progress);
      assertThat(TasksUnderWay.reports()).as("tasks are over").isEmpty();
      assertThat(EngineTotals.ofThisJvm().newTokens() - before).isEqualTo(ROWS * TOKENS);
      if (hasPlugin) {
        assertThat(metrics)
            .contains(
                "plugin_dev_strata_udfs_live_StrataPlugin_tokens_generated_Number"
                    + "{type=\"gauges\"} "
                    + (before + ROWS * TOKENS));
      }
      done = Web.page(spark, "/strata/");
      assertThat(done).contains("Run ").contains("done").doesNotContain("http-equiv=\"refresh\"");
      assertSafe(done);
    } finally {
      spark.stop();
    }
    assertHistory(application, figures(done), false);
    assertHistory(application, figures(done), true);
  }

  private static void assertMetric(String page, String name, long expected) {
    assertThat(Web.metric(page, name)).as(name).isEqualTo((double) expected);
  }

  private static void assertMetrics(String page, RunProgress progress) {
    assertMetric(page, "rows.done", ROWS);
    assertThat(Web.metric(page, "rows.errors")).isZero();
    assertMetric(page, "tokens.generated", ROWS * TOKENS);
    assertMetric(page, "tokens.prompt", progress.rows().promptTokens());
    assertMetric(page, "sweeps", progress.sum(EngineSnapshot::sweeps));
    assertMetric(page, "bytes.read", progress.sum(EngineSnapshot::readBytes));
    assertThat(Web.metric(page, "tokens.perSecond")).as("nothing runs").isZero();
    double busy = progress.sum(EngineSnapshot::busyNanos) / 1e9;
    assertThat(
            Web.metric(page, "seconds.waiting.disk")
                + Web.metric(page, "seconds.waiting.copy")
                + Web.metric(page, "seconds.computing"))
        .isCloseTo(busy, within(1e-6));
  }

  /** What is shown of the run, without times that go on. */
  private static String figures(String page) {
    String ours = page.substring(page.indexOf("class=\"strata\""));
    return ours.substring(0, ours.indexOf("</div>"));
  }

  /**
   * @param isOnDisk whether the server keeps what it read in files
   */
  private void assertHistory(String application, String expected, boolean isOnDisk)
      throws Exception {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.history.fs.logDirectory", folder.resolve("log").toString())
            .set("spark.ui.port", "0")
            .set("spark.driver.host", "127.0.0.1");
    if (isOnDisk) {
      conf.set(
          "spark.history.store.path",
          Files.createDirectories(folder.resolve("store-" + application)).toString());
    }
    FsHistoryProvider provider = new FsHistoryProvider(conf);
    HistoryServer server =
        new HistoryServer(conf, provider, HistoryServer$.MODULE$.createSecurityManager(conf), 0);
    server.bind();
    try {
      provider.start();
      String address =
          "http://127.0.0.1:%d/history/%s/strata/".formatted(server.boundPort(), application);
      var page = Web.get(address);
      for (int i = 0; i < 100 && page.statusCode() == 404; i++) {
        Thread.sleep(100);
        page = Web.get(address);
      }
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      assertSafe(page.body());
      assertThat(withoutLines(figures(page.body()))).isEqualTo(withoutLines(expected));
    } finally {
      server.stop();
    }
  }

  /** The log has fewer values of a course than the running application had. */
  private static String withoutLines(String figures) {
    return Pattern.compile("<svg class=\"sparkline\".*?</svg>").matcher(figures).replaceAll("");
  }

  /** A task that was killed is told of when its job is over already. */
  @Test
  void whatIsToldLateDoesNotGoOn() throws Exception {
    SparkSession spark = LiveSession.builder(folder).getOrCreate();
    try {
      LiveView view = LiveView.of(spark.sparkContext());
      view.hear(message(901, 0));
      assertThat(spark.range(10).count()).isEqualTo(10);
      spark.sparkContext().listenerBus().waitUntilEmpty();
      RunStore store = new RunStore(spark.sparkContext().statusStore().store());
      assertThat(store.find(901).orElseThrow().figures().state()).isEqualTo(RunState.DONE);
      Thread.sleep(1100); // what comes sooner waits for what comes next
      view.hear(message(902, 0));
      assertThat(store.find(902).orElseThrow().figures().state()).isEqualTo(RunState.DONE);
      Thread.sleep(1100);
      view.hear(message(902, 99));
      assertThat(store.find(902).orElseThrow().figures().state()).isEqualTo(RunState.RUNNING);
    } finally {
      spark.stop();
    }
  }

  private static ProgressMessage message(long run, int stage) {
    RunProgress progress = new RunProgress(Map.of(), Map.of(0, new RowCounts(1, 0, 1, 1)));
    return new ProgressMessage("1", List.of(new TasksUnderWay.Report(run, stage, progress)));
  }

  @Test
  void whoAsksNoModelHasNoTab() throws Exception {
    SparkSession spark = LiveSession.builder(folder).getOrCreate();
    try {
      assertThat(spark.range(10).count()).isEqualTo(10);
      assertThat(Web.page(spark, "/jobs/")).doesNotContain("/strata/");
    } finally {
      spark.stop();
    }
  }
}
