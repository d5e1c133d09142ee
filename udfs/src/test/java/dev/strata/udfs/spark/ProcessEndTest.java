package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JVM with an engine ends as any other does, however that comes about: soon, with its own exit
 * code, and with nothing left behind.
 */
@Timeout(120)
class ProcessEndTest {

  private static final RowKey ROW = RowKey.of(new Sha256().add("row"));
  private static final String SWEEPING = "rows are in a sweep";
  private static final int EXIT_CODE = 7;
  private static final int SIGTERM = 15;

  /** Less than the JVM's end would wait for a sweep. */
  private static final int SECONDS = 8;

  @TempDir Path directory;

  /** A JVM of its own, in folders of its own. */
  private final class Other {

    private final Path folder;
    private final Process process;
    private final StringBuilder output = new StringBuilder();

    Other(String way) throws IOException {
      folder = Files.createDirectories(directory.resolve(way));
      Files.createDirectory(folder.resolve("tmp"));
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
          .filter(argument -> !argument.startsWith("-javaagent"))
          .forEach(command::add);
      command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
      command.add("-Dstrata.root=" + System.getProperty("strata.root"));
      command.add("-Djava.io.tmpdir=" + folder.resolve("tmp"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(ProcessEndTest.class.getName(), way));
      process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    }

    /** Reads what it says up to such a line. */
    void await(BufferedReader lines, String line) throws IOException {
      for (String next = lines.readLine(); next != null; next = lines.readLine()) {
        output.append(next).append('\n');
        if (next.equals(line)) {
          return;
        }
      }
      throw new AssertionError("it ended: " + output);
    }

    void endsSoon(int exitCode) throws Exception {
      boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as("it ends: %s", output).isTrue();
      assertThat(process.exitValue()).as("%s", output).isEqualTo(exitCode);
      assertThat(folder.toFile().list()).as("no hs_err file").containsExactly("tmp");
      assertThat(folder.resolve("tmp").toFile().list()).isEmpty();
    }

    BufferedReader lines() {
      return new BufferedReader(
          new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void withTheLastThread() throws Exception {
    Other other = new Other("return");
    try (BufferedReader lines = other.lines()) {
      other.await(lines, "done");
      other.endsSoon(0);
    }
  }

  @Test
  void bySystemExitInASweep() throws Exception {
    Other other = new Other("exit");
    try (BufferedReader lines = other.lines()) {
      other.await(lines, SWEEPING);
      other.endsSoon(EXIT_CODE);
    }
  }

  @Test
  void bySignalInASweep() throws Exception {
    Other other = new Other("signal");
    try (BufferedReader lines = other.lines()) {
      other.await(lines, SWEEPING);
      other.process.destroy();
      other.endsSoon(128 + SIGTERM);
    }
  }

  /** Rows of an executor that is told to go, whatever becomes of its tasks. */
  @Test
  void bySignalItsJournalsAreWritten() throws Exception {
    Other other = new Other("journal");
    try (BufferedReader lines = other.lines()) {
      other.await(lines, SWEEPING);
      other.process.destroy();
      assertThat(other.process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(other.process.exitValue()).isEqualTo(128 + SIGTERM);
    }
    try (Journal next = journal(other.folder.resolve("journal"), "2")) {
      assertThat(next.find(ROW).tokens()).containsExactly(1, 2);
    }
  }

  private static Journal journal(Path directory, String executor) throws IOException {
    return Journal.open(
        new Configuration(false),
        directory.toString(),
        Attempt.of(Buckets.ALL, Attempt.jvm("app-1", executor), false),
        Duration.ofHours(1));
  }

  private static void keep(Path directory) throws Exception {
    TaskJournal kept = new TaskJournal(journal(directory, "1"));
    kept.asked(7, ROW, 0);
    kept.takeDown();
    kept.generated(7, new int[] {1, 2}, 0, 2);
    System.out.println(SWEEPING);
    Thread.sleep(60_000);
    kept.close();
  }

  /** The other JVM. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "return" -> {
        generate(2);
        System.out.println("done");
      }
      case "exit" -> {
        awaitSweeps(() -> generate(900));
        System.exit(EXIT_CODE);
      }
      case "journal" -> keep(Path.of("journal"));
      default -> awaitSweeps(ProcessEndTest::query).join();
    }
  }

  /** Rows of an engine that nobody closes. */
  private static void generate(int tokens) {
    EngineClient client = Engine.start(options(tokens).engine()).open();
    for (int row = 0; row < 8; row++) {
      int[] prompt = IntStream.range(100 * row, 100 * row + 20).toArray();
      client.submit(
          new RowRequest(
              row,
              PromptTokens.of(prompt),
              SamplingOptions.greedy(tokens),
              0,
              (generated, count) -> false));
    }
    try {
      while (client.unfinished() > 0) {
        client.take();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Rows of an engine of Spark's tasks. */
  private static void query() {
    SparkSession spark = TestSession.local(1).getOrCreate();
    List<Row> rows =
        IntStream.range(0, 8).mapToObj(i -> RowFactory.create("A library, number " + i)).toList();
    Generation.apply(
            spark.createDataFrame(rows, StructType.fromDDL("text STRING")).repartition(1),
            options(900),
            EngineStats.register(spark))
        .collectAsList();
  }

  /** Has work done on a thread of its own, and says when kernels run. */
  private static Thread awaitSweeps(Runnable work) throws InterruptedException {
    Thread thread = new Thread(work, "work");
    thread.setDaemon(true);
    thread.start();
    while (!isSweeping()) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    System.out.println(SWEEPING);
    return thread;
  }

  private static boolean isSweeping() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey().getName().equals("strata-sweeps"))
        .flatMap(thread -> Arrays.stream(thread.getValue()))
        .anyMatch(frame -> frame.getMethodName().equals("runStage"));
  }

  private static GenerationOptions options(int tokens) {
    String model = Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();
    StrataConf conf =
        StrataConf.of(
            Map.of(
                "spark.strata.model",
                model,
                "spark.strata.host.memory",
                "256m",
                "spark.strata.maxNewTokens",
                Integer.toString(tokens),
                "spark.strata.ignoreStopTokens",
                "true"));
    return conf.generationOptions(conf.promptOptions());
  }
}
