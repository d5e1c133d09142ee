package dev.strata.udfs.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.strata.udfs.spark.EngineStats;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run does not suffer from whatever becomes of those who show it. */
@Timeout(240)
class FaultsTest {

  private static final int ROWS = 16;
  private static final int TOKENS = 80;

  private static final AtomicInteger FAILED = new AtomicInteger();

  @TempDir Path folder;

  /** The driver's side fails at every message. */
  public static final class DeafDriver implements SparkPlugin {

    @Override
    public DriverPlugin driverPlugin() {
      return new DriverPlugin() {
        @Override
        public Object receive(Object message) {
          FAILED.incrementAndGet();
          throw new IllegalStateException("deaf");
        }
      };
    }

    @Override
    public ExecutorPlugin executorPlugin() {
      return new StrataPlugin().executorPlugin();
    }
  }

  /** Messages are others than the driver knows. */
  public static final class Babbling implements SparkPlugin {

    @Override
    public DriverPlugin driverPlugin() {
      return new StrataPlugin().driverPlugin();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
      return new ExecutorPlugin() {
        @Override
        public void init(PluginContext context, Map<String, String> ofDriver) {
          for (Object message : new Object[] {"{", "{\"executor\":1}", "", 7, List.of()}) {
            try {
              FAILED.incrementAndGet();
              context.send(message);
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          }
        }
      };
    }
  }

  /** No message leaves an executor, and its metrics take nothing. */
  public static final class DumbExecutor implements SparkPlugin {

    @Override
    public DriverPlugin driverPlugin() {
      return new StrataPlugin().driverPlugin();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
      ExecutorPlugin ours = new StrataPlugin().executorPlugin();
      return new ExecutorPlugin() {
        @Override
        public void init(PluginContext context, Map<String, String> ofDriver) {
          ours.init(dumb(context), ofDriver);
        }

        @Override
        public void shutdown() {
          ours.shutdown();
        }
      };
    }

    private static PluginContext dumb(PluginContext context) {
      return (PluginContext)
          Proxy.newProxyInstance(
              FaultsTest.class.getClassLoader(),
              new Class<?>[] {PluginContext.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("send")) {
                  FAILED.incrementAndGet();
                  throw new IOException("no driver");
                }
                if (method.getReturnType() == MetricRegistry.class) {
                  throw new IllegalStateException("no metrics");
                }
                try {
                  return method.invoke(context, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }

  /** Asks for the tab and goes away before it is there. */
  private static void leave(SparkSession spark) throws IOException {
    URI address = URI.create(spark.sparkContext().uiWebUrl().get());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket
          .getOutputStream()
          .write("GET /strata/ HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {DeafDriver.class, Babbling.class, DumbExecutor.class})
  void theRunGoesOnAndIsShownByHeartbeats(Class<?> plugin) throws Exception {
    FAILED.set(0);
    SparkSession spark =
        LiveSession.builder(folder).config("spark.plugins", plugin.getName()).getOrCreate();
    try {
      EngineStats stats = EngineStats.register(spark);
      var rows = LiveSession.rows(spark, LiveSession.model(folder), ROWS, TOKENS, stats);
      long started = System.nanoTime();
      CompletableFuture<List<Row>> run = CompletableFuture.supplyAsync(rows::collectAsList);
      while (!run.isDone()) {
        Thread.sleep(100);
        leave(spark);
      }
      assertThat(run.get())
          .hasSize(ROWS)
          .allSatisfy(row -> assertThat(row.<String>getAs("error")).isNull());
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started);
      assertThat(FAILED.get())
          .as("times that something failed, once a second at most")
          .isBetween(2, (int) Math.max(5, seconds + 2));
      spark.sparkContext().listenerBus().waitUntilEmpty();
      String page = Web.page(spark, "/metrics/prometheus/");
      assertThat(Web.metric(page, "tokens.generated")).isEqualTo(ROWS * TOKENS);
      assertThat(Web.page(spark, "/strata/")).contains("done");
    } finally {
      spark.stop();
    }
  }
}
