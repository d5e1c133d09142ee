package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What goes wrong is one line and an exit code, and nothing is written. Commands run in this JVM,
 * as {@code spark-submit} starts them; {@code ErrorsIT} starts some as a person does.
 */
class CommandErrorsTest {

  private static final String SHARD = "model-00002-of-00003.safetensors";

  @TempDir Path directory;

  @Test
  void unknownFamily() throws Exception {
    Path model = Demo.copyOfModel(directory);
    edit(model.resolve("config.json"), "\"llama\"", "\"perceptron\"");
    edit(model.resolve("config.json"), "LlamaForCausalLM", "PerceptronForCausalLM");
    assertFails(3, "perceptron", generate(model));
  }

  @Test
  void truncatedShard() throws Exception {
    Path model = Demo.copyOfModel(directory);
    try (RandomAccessFile shard = new RandomAccessFile(model.resolve(SHARD).toFile(), "rw")) {
      shard.setLength(shard.length() / 2);
    }
    assertFails(3, SHARD, generate(model));
  }

  @Test
  void missingShard() throws Exception {
    Path model = Demo.copyOfModel(directory);
    Files.delete(model.resolve(SHARD));
    assertFails(3, SHARD, generate(model));
  }

  @Test
  void wrongShape() throws Exception {
    Path model = Demo.copyOfModel(directory);
    edit(model.resolve("config.json"), "\"intermediate_size\": 768", "\"intermediate_size\": 512");
    assertFails(3, "has shape", generate(model));
  }

  @Test
  void sizesBeyondTheWeights() throws Exception {
    Path model = Demo.copyOfModel(directory);
    edit(model.resolve("config.json"), "\"head_dim\": 64", "\"head_dim\": 500000000");
    assertFails(3, "num_attention_heads times head_dim is 2000000000 in ", generate(model));
  }

  /** What only a run finds out. */
  @Test
  void weightsThatAreNotFinite() throws Exception {
    Path model = Demo.copyOfModel(directory);
    byte[] shard = Files.readAllBytes(model.resolve(SHARD));
    Arrays.fill(shard, shard.length / 2, shard.length - 100, (byte) 0xff);
    Files.write(model.resolve(SHARD), shard);
    CommandResult result =
        command("--model", model.toString(), "--max-new-tokens", "1", "--host-memory", "256m");
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.err())
        .last()
        .asString()
        .startsWith("strata: the model computed logits that are not finite in all of the last ");
    assertThat(directory.resolve("out")).doesNotExist();
  }

  /** The footer is whole, so that tasks are the first to see it. */
  @Test
  void damagedParquet() throws Exception {
    byte[] bytes = Files.readAllBytes(Demo.ROOT.resolve("datasets/sentences.parquet"));
    for (int i = 200; i < 4000; i++) {
      bytes[i] ^= 0x5a;
    }
    Path damaged = Files.write(directory.resolve("damaged.parquet"), bytes);
    assertFails(4, damaged + " is damaged or of another form", read(damaged));
  }

  @Test
  void stackTraceOnRequest() throws Exception {
    CommandResult result = command("--host-memory", "1m", "--stacktrace");
    assertThat(result.exitCode()).isEqualTo(5);
    assertThat(result.err().get(0)).startsWith("strata: ");
    assertThat(result.err()).anyMatch(line -> line.startsWith("\tat dev.strata."));
  }

  @Test
  void unknownFileSystemOfAModel() {
    assertFails(
        3,
        "on a file system 'moon' that this Spark does not know",
        command("--model", "moon://crater/model"));
  }

  @Test
  void noTokenizer() throws Exception {
    Path model = Demo.copyOfModel(directory);
    Files.delete(model.resolve("tokenizer.json"));
    assertFails(3, "tokenizer.json", generate(model));
  }

  @Test
  void missingColumn() throws Exception {
    assertFails(
        2,
        "the input has no column 'txt', which the prompt names; its columns are ",
        command("--text-column", "txt"));
  }

  @Test
  void existingOutput() throws Exception {
    Path out = Files.createDirectory(directory.resolve("out"));
    Files.writeString(out.resolve("precious"), "data");
    CommandResult result = command();
    assertThat(result.exitCode()).isEqualTo(4);
    assertThat(result.err())
        .containsExactly(
            "strata: the output "
                + out
                + " exists already; remove it, name another, or set --mode to overwrite, append or"
                + " ignore");
    assertThat(out.resolve("precious")).content().isEqualTo("data");
  }

  @Test
  void notAModel() throws Exception {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertFails(3, "no config.json in " + empty, generate(empty));
    Path file = Files.writeString(directory.resolve("file"), "not a directory");
    assertFails(3, "no directory " + file, generate(file));
  }

  @Test
  void headersThatLie() throws Exception {
    Path model = Demo.copyOfModel(directory);
    byte[] shard = Files.readAllBytes(model.resolve(SHARD));
    changeTensor(model, shard, tensor -> offsets(tensor, 0, 1L << 40));
    assertFails(3, "ends at byte 1099511627776 of the data", generate(model));
    changeTensor(model, shard, tensor -> offsets(tensor, 0, 1));
    assertFails(3, "do not hold shape", generate(model));
    changeTensor(model, shard, CommandErrorsTest::moveUp);
    assertFails(3, "inside tensor", generate(model));
  }

  private static void offsets(JsonObject tensor, long begin, long end) {
    JsonArray offsets = new JsonArray();
    offsets.add(begin);
    offsets.add(end);
    tensor.add("data_offsets", offsets);
  }

  /** Onto its neighbour's bytes, as many as before. */
  private static void moveUp(JsonObject tensor) {
    JsonArray offsets = tensor.getAsJsonArray("data_offsets");
    offsets(tensor, offsets.get(0).getAsLong() + 2, offsets.get(1).getAsLong() + 2);
  }

  /** Writes a shard with another header for the tensor that comes first in it. */
  private static void changeTensor(Path model, byte[] shard, Consumer<JsonObject> change)
      throws IOException {
    int length = (int) ByteBuffer.wrap(shard).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonObject header =
        JsonParser.parseString(new String(shard, 8, length, StandardCharsets.UTF_8))
            .getAsJsonObject();
    JsonObject first =
        header.entrySet().stream()
            .filter(entry -> !entry.getKey().equals("__metadata__"))
            .map(entry -> entry.getValue().getAsJsonObject())
            .min(Comparator.comparingLong(t -> t.getAsJsonArray("data_offsets").get(0).getAsLong()))
            .orElseThrow();
    change.accept(first);
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer changed =
        ByteBuffer.allocate(shard.length - length + text.length).order(ByteOrder.LITTLE_ENDIAN);
    changed.putLong(text.length).put(text).put(shard, 8 + length, shard.length - 8 - length);
    Files.write(model.resolve(SHARD), changed.array());
  }

  @Test
  void tooLittleMemory() throws Exception {
    CommandResult result = command("--host-memory", "1m");
    assertFails(5, "spark.strata.host.memory is 1 MiB, but this model needs at least", result);
    assertFails(
        5, "spark.strata.device.memory", command("--device", "cuda", "--device-memory", "530m"));
  }

  @Test
  void inputThatCannotBeRead() throws Exception {
    Path absent = directory.resolve("absent.json");
    assertFails(4, "the input " + absent + " does not exist", read(absent));
    Path noParquet = Files.writeString(directory.resolve("rows.parquet"), "not Parquet at all");
    assertFails(4, "is not a Parquet file", read(noParquet));
    Path noJson = Files.writeString(directory.resolve("rows.json"), "this is\nnot JSON\n");
    assertFails(4, "has no line that is a JSON object", read(noJson));
    Path noFile = Files.createDirectory(directory.resolve("directory.parquet"));
    assertFails(4, "there is no file with rows in it", read(noFile));
  }

  @Test
  void unknownFileSystems() throws Exception {
    assertFails(4, "there is no file system for foo:// here", read("foo://bucket/rows.json"));
    CommandResult toS3 = command("--output", "s3a://bucket/out");
    assertFails(4, "--packages org.apache.hadoop:hadoop-aws:", toS3);
  }

  @Test
  void noPermission() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", CommandErrorsTest::forbid);
    server.start();
    try {
      String location = "webhdfs://127.0.0.1:" + server.getAddress().getPort() + "/rows.json";
      assertFails(4, "Permission denied: user=me; grant it to the user of the job", read(location));
    } finally {
      server.stop(0);
    }
  }

  /** As a name node answers. */
  private static void forbid(HttpExchange exchange) throws IOException {
    byte[] answer =
        """
        {"RemoteException": {"exception": "AccessControlException",
         "javaClassName": "org.apache.hadoop.security.AccessControlException",
         "message": "Permission denied: user=me"}}
        """
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(403, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  @Test
  void outputThatCannotBeMade() throws Exception {
    CommandResult result = command("--output", "/dev/null/out");
    assertFails(4, "the output /dev/null/out cannot be written: Parent path is not", result);
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  private void assertFails(int exitCode, String part, CommandResult result) {
    assertThat(result.err()).singleElement().asString().startsWith("strata: ").contains(part);
    assertThat(result.exitCode()).isEqualTo(exitCode);
    assertThat(result.out()).isEmpty();
    assertThat(directory.resolve("out")).doesNotExist();
    assertThat(SparkSession.getDefaultSession().isEmpty()).as("Spark is stopped").isTrue();
  }

  private CommandResult command(String... more) {
    List<String> args = new ArrayList<>(Arrays.asList(more));
    args.add(0, "generate");
    putIfAbsent(args, "--model", Demo.MODEL);
    putIfAbsent(args, "--input", Demo.ROOT.resolve("datasets/sentences.json"));
    putIfAbsent(args, "--output", directory.resolve("out"));
    args.addAll(List.of("--progress", "off"));
    return SubmittedCommand.run(args);
  }

  private static void putIfAbsent(List<String> args, String option, Path value) {
    if (!args.contains(option)) {
      args.addAll(List.of(option, value.toString()));
    }
  }

  private CommandResult read(Object input) {
    return command("--input", input.toString(), "--max-new-tokens", "1", "--host-memory", "256m");
  }

  private CommandResult generate(Path model) {
    return command("--model", model.toString());
  }
}
