package dev.strata.job.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.NativeEnvironment;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts that need neither Spark nor a model. */
class ScriptsTest {

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0, [N/A];1, Disabled | - | 0 | {\"name\":\"gpu\",\"addresses\":[\"0\",\"1\"]}",
        "0, Disabled | - | 0 | {\"name\":\"gpu\",\"addresses\":[\"0\"]}",
        "0, [N/A];1, [N/A];2, [N/A] | 2,0 | 0 | {\"name\":\"gpu\",\"addresses\":[\"0\",\"1\"]}",
        "0, [N/A];1, [N/A] | GPU-8f1b | 0 | {\"name\":\"gpu\",\"addresses\":[\"0\"]}",
        "0, [N/A];1, [N/A] | 1,7,0 | 0 | {\"name\":\"gpu\",\"addresses\":[\"0\"]}",
        "0, [N/A] | NoDevFiles | 1 | discover-gpus.sh: CUDA_VISIBLE_DEVICES is 'NoDevFiles', which"
            + " hides all 1 GPUs",
        "0, Enabled | - | 1 | discover-gpus.sh: GPU 0 is divided by MIG; turn that off, or give"
            + " Spark the addresses yourself",
        "No devices were found | - | 1 | discover-gpus.sh: nvidia-smi lists no GPU"
      })
  void gpusAreDiscovered(String listed, String visible, int exitCode, String expected)
      throws Exception {
    fakeNvidiaSmi("printf '%s\\n' '" + listed.replace(";", "' '") + "'");
    Map<String, String> environment = new HashMap<>(fakePath());
    if (!visible.equals("-")) {
      environment.put("CUDA_VISIBLE_DEVICES", visible);
    }
    assertThat(Scripts.run(environment, "conf/discover-gpus.sh"))
        .isEqualTo(new Scripts.Result(exitCode, expected));
  }

  @Test
  void aDriverThatDoesNotAnswer() throws Exception {
    fakeNvidiaSmi("echo 'could not communicate with the NVIDIA driver'; exit 9");
    assertThat(Scripts.run(fakePath(), "conf/discover-gpus.sh"))
        .isEqualTo(
            new Scripts.Result(
                1,
                "discover-gpus.sh: nvidia-smi failed: could not communicate with the NVIDIA"
                    + " driver"));
  }

  /** Those for CPUs, which are on the class path, stand in for those for GPUs. */
  @Test
  void nativesAreUnpackedOnce() throws Exception {
    String jar =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(path -> path.contains("pytorch-native-cpu"))
            .findFirst()
            .orElseThrow();
    Path folder = directory.resolve("opt/natives");
    String[] command = {
      "submit-scripts/gpu-natives.sh", "folder", folder.toString(), "--flavor", "cpu", "--from", jar
    };
    Scripts.Result first = Scripts.run(Map.of(), command);
    assertThat(first.exitCode()).as(first.text()).isZero();
    assertThat(first.text())
        .startsWith(folder + " holds PyTorch 2.5.1 for cpu")
        .contains("--conf spark.executorEnv.PYTORCH_LIBRARY_PATH=" + folder + "\n");
    assertThat(folder.toFile().list())
        .contains("libtorch.so", "libtorch_cpu.so", "libc10.so", "pytorch.properties");
    assertThat(folder.resolveSibling("natives.part")).doesNotExist();
    assertThat(Scripts.run(Map.of(), command).text()).startsWith(folder + " is prepared already");
  }

  @Test
  void aDamagedJarIsRefused() throws Exception {
    Path jar = directory.resolve("natives.jar");
    Files.writeString(jar, "half of it");
    Path target = directory.resolve("out.jar");
    Scripts.Result result =
        Scripts.run(
            Map.of(),
            "submit-scripts/gpu-natives.sh",
            "jar",
            target.toString(),
            "--from",
            jar.toString());
    assertThat(result.exitCode()).isEqualTo(4);
    assertThat(result.text()).startsWith("gpu-natives.sh: " + jar + " is damaged or another jar");
    assertThat(target).doesNotExist();
  }

  @Test
  void whatIsThereIsNotReplaced() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("mine"));
    Scripts.Result result =
        Scripts.run(Map.of(), "submit-scripts/gpu-natives.sh", "folder", folder.toString());
    assertThat(result.exitCode()).isEqualTo(4);
    assertThat(result.text()).contains("was not made by this script");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "submit-scripts/gpu-natives.sh | gpu-natives.sh: say what to prepare",
        "submit-scripts/gpu-natives.sh tar x | gpu-natives.sh: 'tar' is none of folder, jar, cache and jni",
        "submit-scripts/gpu-natives.sh jar x --flavor rocm | the flavor is 'rocm'; it must be",
        "submit-scripts/summarize.sh in | summarize.sh: give an input and an output",
        "submit-scripts/nightly-translation.sh | '' is not a date such as 2026-11-22",
        "submit-scripts/nightly-translation.sh 2026-13-01 | '2026-13-01' is not a date",
        "submit-scripts/nightly-translation.sh 2026-11-22 | set STRATA_INPUT_ROOT to"
      })
  void wrongUseIsOneSentence(String command, String message) throws Exception {
    Scripts.Result result = Scripts.run(Map.of(), command.split(" ", -1));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.text()).contains(message).hasLineCount(1);
  }

  @Test
  void lastNightsDateInAContainersArguments() throws Exception {
    Scripts.Result result =
        Scripts.run(
            Map.of(),
            "bash",
            "-c",
            "sed 's,exec /opt/entrypoint.sh,echo,'"
                + " submit-scripts/recipes/kubernetes/entrypoint.sh | bash -s driver"
                + " --input=/lake/date=YESTERDAY");
    assertThat(result.text()).matches("driver --input=/lake/date=\\d{4}-\\d\\d-\\d\\d");
  }

  /** Bash reads all of them; shellcheck, where it is installed, has no remark. */
  @Test
  void scriptsAreSound() throws Exception {
    List<String> scripts = new ArrayList<>();
    for (String folder : List.of("submit-scripts", "conf")) {
      try (Stream<Path> files = Files.walk(Scripts.ROOT.resolve(folder))) {
        files
            .filter(file -> file.endsWith("strata") || file.toString().endsWith(".sh"))
            .map(Path::toString)
            .forEach(scripts::add);
      }
    }
    assertThat(scripts).hasSizeGreaterThan(5);
    for (String script : scripts) {
      assertThat(Scripts.run(Map.of(), "bash", "-n", script)).isEqualTo(new Scripts.Result(0, ""));
      assertThat(Files.isExecutable(Path.of(script))).as(script).isTrue();
    }
    if (Scripts.run(Map.of(), "bash", "-c", "command -v shellcheck").exitCode() == 0) {
      List<String> command = new ArrayList<>(List.of("shellcheck"));
      command.addAll(scripts);
      assertThat(Scripts.run(Map.of(), command.toArray(String[]::new)))
          .isEqualTo(new Scripts.Result(0, ""));
    }
  }

  private void fakeNvidiaSmi(String body) throws IOException {
    Scripts.write(directory.resolve("nvidia-smi"), body);
  }

  private Map<String, String> fakePath() {
    return Scripts.path(directory);
  }

  /** What a JVM has to be started with is written down where JVMs are started. */
  @Test
  void everyJvmIsStartedWithTheSameEnvironment() throws Exception {
    Path scripts = Path.of(System.getProperty("strata.root"), "submit-scripts");
    String launcher = Files.readString(scripts.resolve("strata"));
    String image = Files.readString(scripts.resolve("recipes/kubernetes/Dockerfile"));
    NativeEnvironment.defaults()
        .forEach(
            (name, value) -> {
              assertThat(launcher)
                  .containsAnyOf(name + "=" + value, name + "=${" + name + ":-" + value + "}");
              assertThat(image).contains(name + "=" + value);
            });
  }

  /** A properties file is handed on by its name, and what is in it is on no command line. */
  @Test
  void secretsOfAFileAreOnNoCommandLine() throws Exception {
    Path file = Files.writeString(directory.resolve("secrets"), "spark.hadoop.fs.x.key hush\n");
    Scripts.Result result =
        launched("--load-spark-defaults", "--properties-file", file.toString(), "generate");
    assertThat(result.exitCode()).as(result.text()).isZero();
    assertThat(result.text())
        .contains("--properties-file " + file)
        .doesNotContain("hush", "strata: ");
  }

  /** What nobody has set, for a session that is not Strata's own. */
  @Test
  void frontEndsOfSparkGetWhatEnginesNeed() throws Exception {
    Scripts.Result result =
        launched("--conf", "spark.strata.host.memory=1g", "--jars", "a.jar", "connect");
    assertThat(result.text())
        .contains("Starting a Spark Connect server at sc://localhost:15002")
        .contains("strata.jar,a.jar ")
        .contains("spark.driver.memory=2g", "spark.executor.memoryOverhead=3072m")
        .contains("spark.executorEnv.OMP_WAIT_POLICY=PASSIVE")
        .contains("--class org.apache.spark.sql.connect.service.SparkConnectServer")
        .doesNotContain("spark.task.resource.gpu.amount");
    assertThat(launched("connect", "--model", "x").exitCode()).isEqualTo(2);
    assertThat(launched("connect", "--help").text()).contains("Usage: strata", "by Spark Connect");
  }

  @Test
  void whatSomebodyHasSetStays() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("mine"),
            """
            spark.executor.memoryOverhead 5g
            spark.executor.resource.gpu.amount=1
            spark.executorEnv.OMP_WAIT_POLICY: ACTIVE
            """);
    Scripts.Result result =
        launched("--properties-file", file.toString(), "--driver-memory", "7g", "connect");
    assertThat(result.text())
        .contains("--driver-memory 7g", "spark.task.resource.gpu.amount=0.5")
        .contains("spark.executorEnv.DJL_OFFLINE=true")
        .doesNotContain("spark.driver.memory", "memoryOverhead", "OMP_WAIT_POLICY");
  }

  /** Stages do, unless executors come and go. */
  @ParameterizedTest
  @CsvSource({"yarn, false, false", "spark://host:7077, false, false", "yarn, true, true"})
  void tasksOfASessionOnAClusterSayNothing(String master, boolean dynamic, boolean said)
      throws Exception {
    Scripts.Result result =
        launched(
            "--master",
            master,
            "--conf",
            "spark.executor.resource.gpu.amount=1",
            "--conf",
            "spark.dynamicAllocation.enabled=" + dynamic,
            "connect");
    assertThat(result.text().contains("spark.task.resource.gpu.amount=0.5")).isEqualTo(said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net | true",
        "spark.hadoop.fs.azure.sas.files.lake.blob.core.windows.net | true",
        "spark.hadoop.fs.s3a.secret.key | true",
        "spark.sql.catalog.db.password | true",
        "spark.executorEnv.HF_TOKEN | true",
        "spark.strata.maxNewTokens | false",
        "spark.kerberos.keytab | false",
        "spark.executor.memory | false"
      })
  void secretsOnACommandLineAreWarnedOf(String key, boolean warns) throws Exception {
    Scripts.Result result = launched("--conf", key + "=1", "generate");
    assertThat(result.exitCode()).isZero();
    String warning = "strata: every user of this machine can read " + key + " on the command line";
    assertThat(result.text().contains(warning)).isEqualTo(warns);
  }

  /** What the process that the launcher becomes does, and what the launcher says then. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "echo begun >&9; echo ended >&9; exit 3 | 3 | false",
        "echo begun >&9; kill -ABRT $$ | 134 | true",
        "echo begun >&9; kill -KILL $$ | 137 | true",
        "exit 1 | 1 | false",
        "[[ $STRATA_END_PIPE == \"9 $(readlink /proc/$$/fd/9)\" ]] | 0 | false"
      })
  void anEndByASignalIsSaid(String end, int exitCode, boolean said) throws Exception {
    Scripts.Result result = launchedAs(end, "generate");
    assertThat(result.exitCode()).isEqualTo(exitCode);
    if (said) {
      assertThat(result.text())
          .matches("strata: the JVM, process \\d+, was ended by a signal: .*hs_err_pid\\d+.*");
    } else {
      assertThat(result.text()).isEmpty();
    }
  }

  /** The launcher with a Spark that prints how it was called. */
  private Scripts.Result launched(String... args) throws Exception {
    return launchedAs("tr '\\0' ' ' </proc/$$/cmdline", args);
  }

  private Scripts.Result launchedAs(String spark, String... args) throws Exception {
    return Scripts.launched(directory, Map.of(), spark, args);
  }
}
