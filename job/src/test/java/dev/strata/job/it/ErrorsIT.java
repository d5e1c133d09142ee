package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What goes wrong is one line and an exit code, and nothing is written: an error of each kind with
 * the launcher and Spark as a person starts them. {@code CommandErrorsTest} has the others.
 */
@Execution(ExecutionMode.CONCURRENT)
class ErrorsIT {

  @TempDir Path directory;

  @Test
  void noModel() throws Exception {
    Path model = directory.resolve("absent");
    assertFails(3, model.toString(), command("--model", model.toString()));
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
    String message = "--model is not an option of spark-submit";
    assertFails(2, message, Launcher.run("--model", "x", "generate"));
    assertFails(2, message, Launcher.run("--model=x", "generate"));
  }

  /** What spark-submit itself would answer with a stack trace. */
  @Test
  void sparksOwnOptions() throws Exception {
    assertFails(
        2,
        "--master is 'nonsense'; it must be local, ",
        Launcher.run("--master=nonsense", "generate"));
    assertFails(
        2,
        "--deploy-mode cluster does not go with --master local[2]; leave it out",
        Launcher.run("--deploy-mode", "cluster", "--master", "local[2]", "generate"));
    assertFails(
        2,
        "--conf is 'spark.ui'; it must be KEY=VALUE",
        Launcher.run("--conf", "spark.ui", "generate"));
    assertFails(
        2,
        "--executor-memory is 'lots'; it must be a size",
        Launcher.run("--executor-memory", "lots", "generate"));
    assertFails(
        2,
        "--num-executors is '0'; it must be a whole number",
        Launcher.run("--num-executors", "0", "generate"));
    assertFails(
        2,
        "--properties-file /absent.conf is not a file that can be read",
        Launcher.run("--properties-file", "/absent.conf", "generate"));
  }

  /** Where spark-submit lets them through. */
  @Test
  void masterThatSparkCannotRead() throws Exception {
    assertFails(
        5,
        "Spark does not start on master local-cluster[1]: Could not parse Master URL",
        Launcher.run(
            "--master",
            "local-cluster[1]",
            "generate",
            "--model",
            Demo.MODEL.toString(),
            "--input",
            Demo.ROOT.resolve("datasets/sentences.json").toString(),
            "--output",
            directory.resolve("out").toString()));
  }

  @Test
  void tooSmallAnExecutor() throws Exception {
    CommandResult result =
        Launcher.run(
            "--master",
            "local-cluster[1,1,1024]",
            "--conf",
            "spark.executor.memoryOverhead=1g",
            "generate",
            "--model",
            Demo.MODEL.toString(),
            "--input",
            Demo.ROOT.resolve("datasets/sentences.json").toString(),
            "--output",
            directory.resolve("out").toString(),
            "--host-memory",
            "512m",
            "--progress",
            "off");
    assertFails(
        5,
        "spark.executor.memoryOverhead is 1024m, but spark.strata.host.memory of 512m needs 2560m"
            + " with the libraries; set spark.executor.memoryOverhead=2560m",
        result);
  }

  private void assertFails(int exitCode, String part, CommandResult result) {
    assertThat(result.err()).singleElement().asString().startsWith("strata: ").contains(part);
    assertThat(result.exitCode()).isEqualTo(exitCode);
    assertThat(result.out()).isEmpty();
    assertThat(directory.resolve("out")).doesNotExist();
  }

  private CommandResult command(String... more) throws Exception {
    List<String> args = new ArrayList<>(Arrays.asList(more));
    args.add(0, "generate");
    if (!args.contains("--modell")) {
      putIfAbsent(args, "--model", Demo.MODEL);
    }
    putIfAbsent(args, "--input", Demo.ROOT.resolve("datasets/sentences.json"));
    putIfAbsent(args, "--output", directory.resolve("out"));
    args.addAll(List.of("--progress", "off")); // a line that a slow machine has time for
    return Launcher.run(args.toArray(String[]::new));
  }

  private static void putIfAbsent(List<String> args, String option, Path value) {
    if (!args.contains(option)) {
      args.addAll(List.of(option, value.toString()));
    }
  }
}
