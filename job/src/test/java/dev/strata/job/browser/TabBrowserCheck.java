package dev.strata.job.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.Demo;
import dev.strata.job.TestSession;
import dev.strata.udfs.live.StrataPlugin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.history.FsHistoryProvider;
import org.apache.spark.deploy.history.HistoryServer;
import org.apache.spark.deploy.history.HistoryServer$;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Strata's tab of the Spark UI as a person sees it: while a run goes on, when it is over, and from
 * a history server. With {@code -Dstrata.screenshots=DIR} it leaves pictures there.
 */
@Timeout(300)
class TabBrowserCheck {

  private static final int WIDTH = 1280;
  private static final int PICTURE = 730;
  private static final String OURS = ".strata";

  private static final String STATEMENT =
      "SELECT id, ai_translate(concat(text, ' ', n), 'fr') FROM sentences, (VALUES 1, 2, 3) t(n)";

  /** Of a run that generates some ten thousand tokens. */
  private static final String UNDER_WAY = "(?s).*running: .*[1-9],\\d{3}\\s+tokens generated.*";

  @TempDir Path directory;

  private SparkSession session(Path log) {
    return TestSession.local(2)
        .config("spark.ui.enabled", true)
        .config("spark.ui.port", 0)
        .config("spark.app.name", "nightly translations")
        .config("spark.executor.heartbeatInterval", "1s")
        .config("spark.plugins", StrataPlugin.class.getName())
        .config("spark.eventLog.enabled", true)
        .config("spark.eventLog.compress", false)
        .config("spark.eventLog.dir", log.toString())
        .config("spark.strata.model", Demo.MODEL.toString())
        .config("spark.strata.host.memory", "512m")
        .config("spark.strata.wave.size", 48)
        .getOrCreate();
  }

  @Test
  void aRunIsSeen() throws Exception {
    Path log = Files.createDirectory(directory.resolve("log"));
    try (Browser browser = Browser.start(Files.createDirectory(directory.resolve("profile")))) {
      SparkSession spark = session(log);
      String application = spark.sparkContext().applicationId();
      try {
        watch(browser, spark);
      } finally {
        spark.stop();
      }
      look(browser, log, application);
    }
  }

  private static void watch(Browser browser, SparkSession spark) throws Exception {
    spark
        .read()
        .json(Demo.ROOT.resolve("datasets/sentences.json").toString())
        .createOrReplaceTempView("sentences");
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(() -> spark.sql(STATEMENT).collectAsList());
    String tab = spark.sparkContext().uiWebUrl().get() + "/strata/";
    BrowserTab light = browser.tab(WIDTH, false);
    openWhen(light, tab, () -> text(light).matches(UNDER_WAY), run);
    assertGood(light, tab, false);
    picture(light, "tab-running-light");
    run.get();
    spark.sparkContext().listenerBus().waitUntilEmpty();
    for (boolean isDark : new boolean[] {false, true}) {
      BrowserTab done = browser.tab(WIDTH, isDark);
      done.open(tab);
      assertThat(text(done)).contains("done", "demo-model");
      assertGood(done, tab, isDark);
      picture(done, "tab-done" + (isDark ? "-dark" : "-light"));
    }
  }

  private static void openWhen(
      BrowserTab tab, String address, Supplier<Boolean> isThere, CompletableFuture<?> run)
      throws Exception {
    do {
      assertThat(run.isDone()).as("the run is over, last seen as %s", text(tab)).isFalse();
      Thread.sleep(200);
      tab.open(address);
    } while (!isThere.get());
  }

  private static void look(Browser browser, Path log, String application) throws Exception {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.history.fs.logDirectory", log.toString())
            .set("spark.driver.host", "127.0.0.1");
    FsHistoryProvider provider = new FsHistoryProvider(conf);
    HistoryServer server =
        new HistoryServer(conf, provider, HistoryServer$.MODULE$.createSecurityManager(conf), 0);
    server.bind();
    try {
      provider.start();
      String tab =
          "http://127.0.0.1:%d/history/%s/strata/".formatted(server.boundPort(), application);
      for (boolean isDark : new boolean[] {false, true}) {
        BrowserTab kept = browser.tab(WIDTH, isDark);
        do {
          Thread.sleep(100);
          kept.open(tab);
        } while (!text(kept).contains("demo-model"));
        assertGood(kept, tab, isDark);
        picture(kept, "tab-history" + (isDark ? "-dark" : "-light"));
      }
    } finally {
      server.stop();
    }
  }

  private static String text(BrowserTab tab) {
    return tab.evaluate("document.body.innerText").asText();
  }

  /** Readable, quiet, and all of it from Spark's own server. */
  private static void assertGood(BrowserTab tab, String address, boolean isDark) {
    Looks.assertReadable(tab, OURS);
    Looks.assertDark(tab, OURS, isDark);
    assertThat(tab.complaints()).isEmpty();
    String server = address.replaceFirst("(http://[^/]+/).*", "$1");
    assertThat(tab.requests()).allMatch(asked -> asked.matches("(" + server + "|data:).*"));
  }

  private static void picture(BrowserTab tab, String name) throws IOException {
    Optional<String> place = Optional.ofNullable(System.getProperty("strata.screenshots"));
    if (place.isPresent()) {
      tab.screenshot(Path.of(place.get(), name + ".png"), PICTURE);
    }
  }
}
