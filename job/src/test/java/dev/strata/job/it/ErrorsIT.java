package dev.strata.job.it;

import static dev.strata.job.it.Launcher.DEMO_MODEL;
import static dev.strata.job.it.Launcher.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong is one line and an exit code, and nothing is written. */
class ErrorsIT {

  private static final String SHARD = "model-00002-of-00003.safetensors";

  @TempDir Path directory;

  @Test
  void noModel() throws Exception {
    Path model = directory.resolve("absent");
    assertFails(3, model.toString(), generate(model));
  }

  @Test
  void unknownFamily() throws Exception {
    Path model = copyOfDemoModel();
    edit(model.resolve("config.json"), "\"llama\"", "\"perceptron\"");
    edit(model.resolve("config.json"), "LlamaForCausalLM", "PerceptronForCausalLM");
    assertFails(3, "perceptron", generate(model));
  }

  @Test
  void truncatedShard() throws Exception {
    Path model = copyOfDemoModel();
    try (RandomAccessFile shard = new RandomAccessFile(model.resolve(SHARD).toFile(), "rw")) {
      shard.setLength(shard.length() / 2);
    }
    assertFails(3, SHARD, generate(model));
  }

  @Test
  void missingShard() throws Exception {
    Path model = copyOfDemoModel();
    Files.delete(model.resolve(SHARD));
    assertFails(3, SHARD, generate(model));
  }

  @Test
  void wrongShape() throws Exception {
    Path model = copyOfDemoModel();
    edit(model.resolve("config.json"), "\"intermediate_size\": 768", "\"intermediate_size\": 512");
    assertFails(3, "has shape", generate(model));
  }

  @Test
  void noTokenizer() throws Exception {
    Path model = copyOfDemoModel();
    Files.delete(model.resolve("tokenizer.json"));
    assertFails(3, "tokenizer.json", generate(model));
  }

  @Test
  void unknownOption() throws Exception {
    assertFails(2, "unknown option '--modell'; did you mean '--model'?", command("--modell", "x"));
    assertFails(
        2,
        "unknown key spark.strata.tempature; did you mean",
        Launcher.run("--conf", "spark.strata.tempature=1", "generate"));
  }

  @Test
  void optionBeforeTheCommand() throws Exception {
    Launcher.Result result = Launcher.run("--model", "x", "generate");
    assertFails(2, "--model is not an option of spark-submit", result);
  }

  @Test
  void missingColumn() throws Exception {
    assertFails(
        2,
        "the input has no column 'txt', which the prompt names; did you mean 'text'?",
        command("--text-column", "txt"));
  }

  @Test
  void existingOutput() throws Exception {
    Path out = Files.createDirectory(directory.resolve("out"));
    Files.writeString(out.resolve("precious"), "data");
    Launcher.Result result = command();
    assertThat(result.exitCode()).isEqualTo(4);
    assertThat(result.err())
        .containsExactly(
            "strata: the output "
                + out
                + " exists already; remove it, name another, or set --mode to overwrite, append or ignore");
    assertThat(out.resolve("precious")).content().isEqualTo("data");
  }

  @Test
  void tooLittleMemory() throws Exception {
    assertFails(5, "spark.strata.host.memory", command("--host-memory", "1m"));
  }

  private void assertFails(int exitCode, String part, Launcher.Result result) {
    assertThat(result.err()).singleElement().asString().startsWith("strata: ").contains(part);
    assertThat(result.exitCode()).isEqualTo(exitCode);
    assertThat(result.out()).isEmpty();
    assertThat(directory.resolve("out")).doesNotExist();
  }

  private Launcher.Result command(String... more) throws Exception {
    List<String> args = new ArrayList<>(Arrays.asList(more));
    args.add(0, "generate");
    if (!args.contains("--model") && !args.contains("--modell")) {
      args.addAll(List.of("--model", DEMO_MODEL.toString()));
    }
    args.addAll(
        List.of(
            "--input",
            ROOT.resolve("datasets/sentences.json").toString(),
            "--output",
            directory.resolve("out").toString()));
    return Launcher.run(args.toArray(String[]::new));
  }

  private Launcher.Result generate(Path model) throws Exception {
    return command("--model", model.toString());
  }

  private Path copyOfDemoModel() throws IOException {
    Path copy = Files.createDirectory(directory.resolve("model"));
    try (Stream<Path> files = Files.list(DEMO_MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }
}
