package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Input, journal and output on an HDFS that is stopped in the middle of a run, and started anew, or
 * not until the run has ended. Takes some minutes, so that it runs with {@code -Dstrata.long=true}
 * alone.
 */
@EnabledIfSystemProperty(named = "strata.long", matches = "true")
@Timeout(240)
class HdfsOutageIT {

  private static final int NEW_TOKENS = 60;
  private static final long OUTAGE_MILLIS = 2000;

  @TempDir static Path directory;

  private static MiniDFSCluster cluster;
  private static FileSystem dfs;
  private static String root;

  @BeforeAll
  static void fill() throws IOException {
    System.setProperty("test.build.data", directory.resolve("build").toString());
    Configuration conf = new Configuration();
    conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, directory.resolve("dfs").toString());
    cluster = new MiniDFSCluster.Builder(conf).numDataNodes(1).build();
    dfs = cluster.getFileSystem();
    root = cluster.getURI().toString();
    dfs.copyFromLocalFile(
        new org.apache.hadoop.fs.Path(Demo.ROOT.resolve("datasets/sentences.json").toUri()),
        path("/sentences.json"));
  }

  @AfterAll
  static void stop() {
    cluster.shutdown(true);
  }

  private static org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(root + name);
  }

  private static CommandResult translate(String input, String output) {
    return SubmittedCommand.run(
        Map.of("spark.hadoop.dfs.client.use.datanode.hostname", "false"), words(input, output));
  }

  private static List<String> words(String input, String output) {
    return List.of(
        "translate",
        "--to-language",
        "French",
        "--model",
        Demo.MODEL.toString(),
        "--input",
        input,
        "--output",
        output,
        "--output-format",
        "json",
        "--id-column",
        "id",
        "--max-new-tokens",
        String.valueOf(NEW_TOKENS),
        "--journal-interval",
        "100ms",
        "--host-memory",
        "512m");
  }

  /** Those that are written: one that is not closed has no length. */
  private static long segments(String output) throws IOException {
    org.apache.hadoop.fs.Path journal = path("/." + output + ".strata-journal");
    return dfs.exists(journal)
        ? Arrays.stream(dfs.listStatus(journal))
            .filter(file -> file.getLen() > 0)
            .map(FileStatus::getPath)
            .filter(file -> file.getName().endsWith(".arrow"))
            .count()
        : 0;
  }

  @Test
  void aRunGoesOnAfterItsFileSystemWasAway() throws Exception {
    CompletableFuture<CommandResult> run = new CompletableFuture<>();
    new Thread(() -> run.complete(translate(root + "/sentences.json", root + "/out"))).start();
    while (segments("out") < 2) {
      assertThat(run).as("it runs").isNotDone();
      TimeUnit.MILLISECONDS.sleep(10);
    }
    MiniDFSCluster.DataNodeProperties node = cluster.stopDataNode(0);
    cluster.shutdownNameNode(0);
    TimeUnit.MILLISECONDS.sleep(OUTAGE_MILLIS);
    assertThat(run).as("it waits").isNotDone();
    cluster.restartNameNode(0, false);
    cluster.restartDataNode(node, true);
    cluster.waitActive();
    CommandResult result = run.get(200, TimeUnit.SECONDS);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();

    assertComplete("out");
  }

  /** A file system is waited for by seconds, which is minutes unless it is set. */
  @Test
  void aRunWhoseFileSystemStaysAwayEndsAndIsContinued() throws Exception {
    Process run = startImpatient();
    while (segments("later") < 2) {
      assertThat(run.isAlive()).as("it runs").isTrue();
      TimeUnit.MILLISECONDS.sleep(10);
    }
    MiniDFSCluster.DataNodeProperties node = cluster.stopDataNode(0);
    cluster.shutdownNameNode(0);
    assertThat(run.waitFor(120, TimeUnit.SECONDS)).isTrue();
    List<String> ended = Files.readAllLines(log());
    assertThat(run.exitValue()).as("%s", last(ended)).isEqualTo(4);
    assertThat(ended)
        .filteredOn(line -> line.startsWith("strata: "))
        .singleElement()
        .asString()
        .startsWith("strata: the output " + root + "/later cannot be written: ")
        .endsWith("; check the address, and that the service runs");

    cluster.restartNameNode(0, false);
    cluster.restartDataNode(node, true);
    cluster.waitActive();
    assertThat(segments("later")).isGreaterThan(1);
    Process next = startImpatient();
    assertThat(next.waitFor(120, TimeUnit.SECONDS)).isTrue();
    List<String> continued = Files.readAllLines(log());
    assertThat(next.exitValue()).as("%s", last(continued)).isZero();
    assertThat(continued).anyMatch(line -> line.matches("  continued +[0-9]+ rows kept, .*"));
    assertComplete("later");
  }

  private static Process startImpatient() throws IOException {
    return SubmittedCommand.start(
        Map.of(
            "spark.hadoop.ipc.client.connect.max.retries", "2",
            "spark.hadoop.ipc.client.connect.retry.interval", "200"),
        words(root + "/sentences.json", root + "/later"),
        log());
  }

  private static List<String> last(List<String> lines) {
    return lines.subList(Math.max(0, lines.size() - 20), lines.size());
  }

  private static Path log() {
    return directory.resolve("driver.log");
  }

  private static void assertComplete(String output) throws IOException {
    dfs.copyToLocalFile(
        false,
        path("/" + output),
        new org.apache.hadoop.fs.Path(directory.resolve(output).toUri()),
        true);
    String undisturbed = directory.resolve("undisturbed of " + output).toString();
    CommandResult result =
        translate(Demo.ROOT.resolve("datasets/sentences.json").toString(), undisturbed);
    assertThat(result.exitCode()).isZero();
    assertThat(Rows.read(directory.resolve(output))).isEqualTo(Rows.read(Path.of(undisturbed)));
    assertThat(dfs.exists(path("/." + output + ".strata-journal"))).isFalse();
  }
}
