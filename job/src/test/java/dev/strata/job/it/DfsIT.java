package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import dev.strata.udfs.spark.RunSpace;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.conf.ReconfigurationException;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Model, input and output on HDFS, two executors in their own JVMs. */
@Order(4)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DfsIT {

  /** What is read besides the copy: the input, headers and tokenizers. */
  private static final long OTHER_BYTES = 4 << 20;

  @TempDir static Path directory;

  private static MiniDFSCluster cluster;
  private static DistributedFileSystem dfs;
  private static String root;
  private static long modelBytes;

  @BeforeAll
  static void fill() throws IOException {
    System.setProperty("test.build.data", directory.resolve("build").toString());
    Configuration conf = new Configuration();
    conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, directory.resolve("dfs").toString());
    cluster = new MiniDFSCluster.Builder(conf).numDataNodes(2).build();
    dfs = cluster.getFileSystem();
    root = cluster.getURI().toString();
    put(Demo.MODEL, "/model");
    put(Demo.ROOT.resolve("datasets/sentences.json"), "/sentences.json");
    modelBytes = dfs.getContentSummary(path("/model")).getLength();
  }

  @AfterAll
  static void stop() throws IOException {
    dfs.close();
    cluster.shutdown(true);
  }

  private static org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(URI.create(root + name));
  }

  private static void put(Path local, String name) throws IOException {
    dfs.copyFromLocalFile(new org.apache.hadoop.fs.Path(local.toUri()), path(name));
  }

  /** What data nodes have sent. */
  private static long bytesSent() throws JMException {
    long sent = 0;
    for (DataNode node : cluster.getDataNodes()) {
      ObjectName name = new ObjectName("Hadoop:service=DataNode,name=" + node.getMetrics().name());
      MBeanServer server = ManagementFactory.getPlatformMBeanServer();
      sent += ((Number) server.getAttribute(name, "BytesRead")).longValue();
    }
    return sent;
  }

  @Test
  @Order(1)
  void bothExecutorsUseOneCopyOfTheModel() throws Exception {
    Path cache = directory.resolve("cache");
    long before = bytesSent();
    Map<String, JsonObject> rows =
        run(
            "copied",
            "--model-cache-dir",
            cache.toString(),
            "--report-dir",
            path("/reports").toString());
    long sent = bytesSent() - before;

    assertTranslated(rows);
    assertThat(executorsOfTheResult()).as("one file of input, both executors").hasSize(2);
    assertThat(sent).isBetween(modelBytes / 2, modelBytes + OTHER_BYTES);
    assertCopied(cache);
    assertReported();
    assertThat(temporary()).as("what the JVMs leave behind").isEmptyDirectory();
    assertThat(Demo.ROOT.resolve("target/spark/work").resolve(application()))
        .as("executors' folders")
        .doesNotExist();
  }

  /** The report is on HDFS as well, and tells of both executors. */
  private static void assertReported() throws IOException {
    var reports = dfs.globStatus(path("/reports/translate-*.json"));
    assertThat(reports).hasSize(1);
    assertThat(dfs.globStatus(path("/reports/translate-*.html"))).hasSize(1);
    try (InputStream in = dfs.open(reports[0].getPath())) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("executors"))
          .extracting(executor -> executor.getAsJsonObject().get("executor").getAsString())
          .hasSize(2)
          .doesNotContain("");
    }
  }

  private static Path temporary() {
    return directory.resolve("tmp");
  }

  /** The name of the run's log of events. */
  private static String application() throws IOException {
    try (Stream<Path> logs = Files.list(directory.resolve("events"))) {
      return logs.findFirst().orElseThrow().getFileName().toString();
    }
  }

  /** The cache has a whole copy and nothing else. */
  private static void assertCopied(Path cache) throws IOException {
    assertThat(directories(cache)).singleElement().asString().matches("model-[0-9a-f]{16}");
    List<Path> shards = shards(cache.resolve(directories(cache).get(0)));
    assertThat(shards).hasSize(3);
    for (Path shard : shards) {
      assertThat(Files.mismatch(shard, Demo.MODEL.resolve(shard.getFileName()))).isEqualTo(-1);
    }
  }

  /** Which executors ran the tasks of the stage that wrote the output. */
  private static Set<String> executorsOfTheResult() throws IOException {
    try (Stream<Path> logs = Files.list(directory.resolve("events"))) {
      return Files.readAllLines(logs.findFirst().orElseThrow()).stream()
          .map(line -> JsonParser.parseString(line).getAsJsonObject())
          .filter(event -> event.get("Event").getAsString().equals("SparkListenerTaskEnd"))
          .filter(event -> event.get("Task Type").getAsString().equals("ResultTask"))
          .filter(event -> event.toString().contains("\"Name\":\"strata\""))
          .map(event -> event.getAsJsonObject("Task Info").get("Executor ID").getAsString())
          .collect(Collectors.toSet());
    }
  }

  private static List<String> directories(Path cache) throws IOException {
    try (Stream<Path> entries = Files.list(cache)) {
      return entries.filter(Files::isDirectory).map(p -> p.getFileName().toString()).toList();
    }
  }

  /** Data nodes send so slowly until then that no machine is done before it is killed. */
  @Test
  @Order(2)
  void aCopyWhoseProcessWasKilledIsFinishedByTheNext() throws Exception {
    Path cache = directory.resolve("killed");
    limitReads(4 << 20);
    Launcher.Started first = copying(cache, "killed");
    while (copiedBytes(cache) < modelBytes / 3) {
      assertThat(first.process().isAlive()).as("it copies").isTrue();
      TimeUnit.MILLISECONDS.sleep(10);
    }
    first.process().destroyForcibly();
    assertThat(first.await().exitCode()).as("killed by SIGKILL").isEqualTo(128 + 9);
    limitReads(0);
    long there = copiedBytes(cache);
    assertThat(there).isBetween(modelBytes / 3, modelBytes * 9 / 10);
    assertThat(dfs.listStatus(path("/killed")))
        .as("no rows")
        .allMatch(file -> file.getPath().getName().equals("_temporary"));
    assertThat(status("/killed"))
        .contains(root + "/killed: not complete: a run was ended before its end")
        .anyMatch(line -> line.matches("  held by +nobody any more: .* the next run takes over"));

    long before = bytesSent();
    CommandResult second = copying(cache, "finished").await();
    assertThat(second.exitCode()).as("%s", second.err()).isZero();
    long missing = modelBytes - there;
    assertThat(bytesSent() - before).isBetween(missing - OTHER_BYTES, missing + OTHER_BYTES);
    assertTranslated(fetch("finished"));
    assertThat(status("/finished")).contains(root + "/finished: complete");
    assertCopied(cache);
  }

  private static List<String> status(String output) {
    return SubmittedCommand.run(List.of("status", root + output)).out();
  }

  /** A process that copies the model and asks it for some rows. */
  private static Launcher.Started copying(Path cache, String output) throws IOException {
    return Launcher.start(
        "strata",
        Map.of(),
        command(
            List.of("--master", "local[1]"),
            root + "/model",
            root + "/sentences.json",
            root + "/" + output,
            "--model-cache-dir",
            cache.toString(),
            "--host-memory",
            "512m"));
  }

  /**
   * Limits what data nodes send.
   *
   * @param bytes of each in a second; 0 for no limit
   */
  private static void limitReads(long bytes) throws ReconfigurationException {
    for (DataNode node : cluster.getDataNodes()) {
      node.reconfigureProperty("dfs.datanode.data.read.bandwidthPerSec", Long.toString(bytes));
    }
  }

  /** Bytes of a copy that is not whole; it is the only one, and no file of it is anywhere else. */
  private static long copiedBytes(Path cache) throws IOException {
    if (!Files.exists(cache)) {
      return 0;
    }
    long bytes = 0;
    for (String copy : directories(cache)) {
      assertThat(copy).matches("model-[0-9a-f]{16}\\.part");
      assertThat(cache.resolve(copy).resolve(".strata-manifest.json")).doesNotExist();
      for (Path shard : shards(cache.resolve(copy))) {
        bytes += Files.size(shard);
      }
    }
    return bytes;
  }

  private static List<Path> shards(Path copy) throws IOException {
    try (Stream<Path> files = Files.list(copy)) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).toList();
    }
  }

  @Test
  @Order(3)
  void theModelIsReadWhereItIs() throws Exception {
    Path cache = directory.resolve("none");
    long before = bytesSent();
    translate(
        List.of("--master", "local[1]"),
        root + "/model",
        root + "/sentences.json",
        root + "/direct",
        "--model-staging",
        "direct",
        "--model-cache-dir",
        cache.toString());

    assertTranslated(fetch("direct"));
    assertThat(bytesSent() - before).as("several sweeps").isGreaterThan(3 * modelBytes);
    assertThat(cache).doesNotExist();
  }

  @Test
  @Order(4)
  void aDryRunReadsLittleAndCopiesNothing() throws Exception {
    Path cache = directory.resolve("none");
    long before = bytesSent();
    CommandResult dry =
        Launcher.generate(
            command(
                List.of("--master", "local-cluster[1,1,1024]"),
                root + "/model",
                root + "/sentences.json",
                root + "/dry",
                "--model-cache-dir",
                cache.toString(),
                "--incremental",
                "--dry-run"));
    assertThat(dry.exitCode()).as("%s", dry.err()).isZero();
    assertThat(dry.err()).isEmpty();
    assertThat(bytesSent() - before).isLessThan(OTHER_BYTES);
    assertThat(cache).doesNotExist();
    assertThat(dfs.globStatus(path("/*dry*"))).isEmpty();
    int tokens =
        References.read("translations").values().stream()
            .limit(12)
            .mapToInt(row -> row.get("prompt_tokens").getAsInt())
            .sum();
    assertThat(dry.summary("prompt tokens")).isEqualTo(tokens);
    assertThat(dry.out())
        .anyMatch(line -> line.matches("  copied first +" + root + "/model, to each node .*"))
        .anyMatch(line -> line.matches("  device +processor \\(assumed: --device is auto, .*"));
  }

  @Test
  @Order(5)
  void errorsAreOneSentence() throws Exception {
    String absent = root + "/absent";
    assertRefused(
        absent, "no directory " + absent + "; give the location of a model with config.json");
    dfs.mkdirs(path("/secret/model"), new FsPermission("700"));
    dfs.setPermission(path("/secret"), new FsPermission("700"));
    assertRefused(root + "/secret/model", "may not be read by user nobody");
  }

  @Test
  @Order(6)
  void aQuotaIsToldBeforeARun() throws Exception {
    dfs.mkdirs(path("/few/lake"));
    dfs.setQuota(path("/few"), 5, HdfsConstants.QUOTA_DONT_SET);
    assertThatThrownBy(() -> requireRoom("/few/lake"))
        .hasMessageContaining(
            "/few/lake/out has room for 3 files within the quota of " + root + "/few");
    dfs.mkdirs(path("/narrow"));
    dfs.setQuota(path("/narrow"), HdfsConstants.QUOTA_DONT_SET, 200L << 20);
    assertThatThrownBy(() -> requireRoom("/narrow"))
        .hasMessageContaining("/narrow/out has room for 100 MiB within the quota of " + root)
        .hasMessageContaining("but a file takes 128 MiB of it until it is written");
    dfs.setQuota(path("/narrow"), HdfsConstants.QUOTA_DONT_SET, 400L << 20);
    requireRoom("/narrow");
    requireRoom("/elsewhere");
  }

  private static void requireRoom(String place) {
    new RunSpace(RunSpace.UNKNOWN, () -> 0, 10)
        .check(dfs.getConf(), root + place + "/.out.strata-journal", root + place + "/out");
  }

  private static void assertRefused(String model, String message) throws Exception {
    CommandResult result =
        Launcher.run(
            "--conf",
            "spark.driver.extraJavaOptions=-DHADOOP_USER_NAME=nobody",
            "generate",
            "--model",
            model,
            "--input",
            root + "/sentences.json",
            "--output",
            root + "/refused");
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.err()).singleElement().asString().contains(message);
  }

  /** Each row has the completion that transformers gives its text. */
  private static void assertTranslated(Map<String, JsonObject> rows) throws IOException {
    Map<String, JsonObject> references = References.read("translations");
    assertThat(rows).hasSize(12);
    for (Map.Entry<String, JsonObject> row : rows.entrySet()) {
      References.assertEqual(row.getValue(), references.get(row.getKey()));
    }
  }

  /** The rows of a run with everything on HDFS. */
  private static Map<String, JsonObject> run(String name, String... options) throws Exception {
    Path temporary = Files.createDirectory(temporary());
    String option = "extraJavaOptions=-XX:+UseSerialGC -Djava.io.tmpdir=" + temporary;
    translate(
        List.of(
            "--master",
            "local-cluster[2,1,1024]",
            "--conf",
            "spark.local.dir=" + temporary,
            "--conf",
            "spark.driver." + option,
            "--conf",
            "spark.executor." + option,
            "--conf",
            "spark.eventLog.enabled=true",
            "--conf",
            "spark.eventLog.rolling.enabled=false",
            "--conf",
            "spark.eventLog.compress=false",
            "--conf",
            "spark.eventLog.dir=" + Files.createDirectories(directory.resolve("events")).toUri()),
        root + "/model",
        root + "/sentences.json",
        root + "/" + name,
        options);
    Map<String, JsonObject> rows = fetch(name);
    Path out = directory.resolve(name);
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.filter(file -> file.toString().endsWith(".json")))
          .as("one partition for each executor")
          .hasSize(2);
    }
    return rows;
  }

  private static Map<String, JsonObject> fetch(String name) throws IOException {
    Path out = directory.resolve(name);
    dfs.copyToLocalFile(path("/" + name), new org.apache.hadoop.fs.Path(out.toUri()));
    return Rows.read(out);
  }

  private static void translate(
      List<String> submit, String model, String input, String output, String... options)
      throws Exception {
    CommandResult result = Launcher.generate(command(submit, model, input, output, options));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
  }

  private static String[] command(
      List<String> submit, String model, String input, String output, String... options) {
    List<String> args = new ArrayList<>(submit);
    args.addAll(List.of("translate", "--to-language", "French", "--model", model));
    args.addAll(List.of("--input", input, "--output", output, "--output-format", "json"));
    args.addAll(List.of("--where", "id <= 'sen-0012'", "--max-new-tokens", "60"));
    args.addAll(Arrays.asList(options));
    return args.toArray(String[]::new);
  }
}
