package dev.strata.job.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the launcher does for {@code --gpu} and {@code --natives}, without a GPU. */
class DeviceScriptsTest {

  /** Prints how Spark was called, and the natives of its environment. */
  private static final String SPARK =
      "tr '\\0' '\\n' </proc/$$/cmdline; env | grep ^PYTORCH_ | grep -v ALLOC | sort";

  private static final String CU124 = "8f0b78003d66f4ffee5c979fdfa64d0350d0d127";
  private static final String AARCH64 = "e9daccdf25ceb5140e2557d3265e94c2c5cc6521";

  @TempDir Path directory;

  private Path programs;
  private Path cache;
  private Map<String, String> environment;

  @BeforeEach
  void aMachineWithAGpu() throws IOException {
    programs = Files.createDirectory(directory.resolve("programs"));
    cache = Files.createDirectories(directory.resolve("cache/strata/natives"));
    environment = new HashMap<>(Scripts.path(programs));
    environment.put("XDG_CACHE_HOME", directory.resolve("cache").toString());
    environment.put("HOME", directory.toString());
    environment.put("JAVA_HOME", directory.resolve("java").toString());
    nvidiaSmi("550.54.15", "NVIDIA T4", "7.5");
    Scripts.write(directory.resolve("java/bin/java"), "echo kernel: \"${@: -3}\"");
  }

  private void nvidiaSmi(String driver, String name, String capability) throws IOException {
    Scripts.write(
        programs.resolve("nvidia-smi"),
        "case $1 in *compute_cap*) echo %s ;; *) echo '0, GPU-8f1b, %s, %s' ;; esac"
            .formatted(capability, driver, name));
  }

  /** As the script leaves them. */
  private Path prepared(String name, String checksum) throws IOException {
    Path folder = Files.createDirectories(cache.resolve(name));
    Files.writeString(folder.resolve("checksum"), checksum + "\n");
    return folder;
  }

  private Scripts.Result launched(String... args) throws Exception {
    return Scripts.launched(directory, environment, SPARK, args);
  }

  @Test
  void oneOptionIsEnoughForAGpu() throws Exception {
    Path natives = prepared("2.5.1-cu124-linux-x86_64", CU124);
    Scripts.Result first = launched("--gpu", "generate", "--model", "x");
    assertThat(first.exitCode()).as(first.text()).isZero();
    assertThat(first.text().lines())
        .contains("kernel: --device-only --device cuda")
        .contains("spark.strata.device=cuda")
        .endsWith(
            "PYTORCH_FLAVOR=cu124", "PYTORCH_LIBRARY_PATH=" + natives, "PYTORCH_VERSION=2.5.1");
    assertThat(launched("--gpu", "generate").text()).doesNotContain("kernel:");
    nvidiaSmi("560.1", "NVIDIA T4", "7.5");
    assertThat(launched("--gpu", "generate").text()).contains("kernel:");
  }

  /** A kernel that fails ends the preparation, and the next run tries it again. */
  @Test
  void noCommandRunsAfterAKernelThatFails() throws Exception {
    prepared("2.5.1-cu124-linux-x86_64", CU124);
    Scripts.write(directory.resolve("java/bin/java"), "echo failed; exit 5");
    for (int i = 0; i < 2; i++) {
      assertThat(launched("--gpu", "generate")).isEqualTo(new Scripts.Result(5, "failed"));
    }
  }

  @Test
  void whatSomebodyHasSetStays() throws Exception {
    environment.put("PYTORCH_LIBRARY_PATH", "/opt/natives");
    Scripts.Result result = launched("--gpu", "--conf", "spark.strata.device=cuda:1", "generate");
    assertThat(result.text().lines())
        .contains("spark.strata.device=cuda:1", "PYTORCH_LIBRARY_PATH=/opt/natives")
        .doesNotContain("spark.strata.device=cuda");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "470.57.02 | Tesla T4 | 7.5 | NVIDIA's driver is 470.57.02, but PyTorch's natives"
            + " (cu124) need 525 or later; update the driver, or leave --gpu out",
        "570.86 | NVIDIA GeForce RTX 5090 | 12.0 | GPU 0, NVIDIA GeForce RTX 5090, has compute"
            + " capability 12.0, which is newer than these natives (cu124, for 5.0 to 9.x); bring a"
            + " PyTorch 2.7.1 for CUDA 12.8 and name it by --natives DIR",
        "570.86 | NVIDIA B200 | 10.0 | has compute capability 10.0, which is newer",
        "550.1 | Tesla K80 | 3.7 | has compute capability 3.7, which is older",
      })
  void gpusThatCannotRunAreRefusedFirst(
      String driver, String name, String capability, String message) throws Exception {
    nvidiaSmi(driver, name, capability);
    Scripts.Result result = launched("--gpu", "generate");
    assertThat(result.exitCode()).isEqualTo(5);
    assertThat(result.text()).startsWith("strata: ").contains(message).hasLineCount(1);
  }

  @Test
  void noGpuIsRefused() throws Exception {
    Scripts.write(programs.resolve("nvidia-smi"), "echo No devices were found");
    assertThat(launched("--gpu", "generate"))
        .isEqualTo(
            new Scripts.Result(
                5,
                "strata: a GPU is asked for, but nvidia-smi lists none; leave --gpu out to work on"
                    + " the processor"));
    Scripts.write(programs.resolve("nvidia-smi"), "echo it failed; exit 9");
    assertThat(launched("--gpu", "generate").text())
        .startsWith("strata: a GPU is asked for, but NVIDIA's driver does not answer: it failed;");
    nvidiaSmi("550.1", "NVIDIA T4", "7.5");
    environment.put("CUDA_VISIBLE_DEVICES", "1");
    assertThat(launched("--gpu", "generate").text())
        .contains("CUDA_VISIBLE_DEVICES is '1', which hides all 1 GPUs; unset it");
  }

  /** A process that uses one GPU does not mind what others are like. */
  @ParameterizedTest
  @CsvSource({"'', 0", "0, 0", "GPU-8f, 0", "'0,1', 0", "1, 5", "GPU-9a, 5"})
  void theGpuThatIsUsedCounts(String visible, int exitCode) throws Exception {
    Scripts.write(
        programs.resolve("nvidia-smi"),
        """
        case $1 in
          *compute_cap*) printf '7.5\\n12.0\\n' ;;
          *) printf '0, GPU-8f1b, 570.1, T4\\n1, GPU-9a0c, 570.1, RTX 5090\\n' ;;
        esac""");
    if (!visible.isEmpty()) {
      environment.put("CUDA_VISIBLE_DEVICES", visible);
    }
    prepared("2.5.1-cu124-linux-x86_64", CU124);
    Scripts.Result result = launched("--gpu", "generate");
    assertThat(result.exitCode()).as(result.text()).isEqualTo(exitCode);
  }

  @Test
  void executorsOnOtherMachinesGetAnArchive() throws Exception {
    Path archive =
        Files.writeString(cache.resolve("pytorch-native-cu124-2.5.1-linux-x86_64.jar"), "");
    Files.delete(programs.resolve("nvidia-smi"));
    Scripts.Result result =
        launched("--gpu", "--master", "spark://far:7077", "--archives", "a.zip", "generate");
    assertThat(result.exitCode()).as(result.text()).isZero();
    assertThat(result.text().lines())
        .contains(
            "a.zip," + archive + "#natives",
            "spark.executorEnv.PYTORCH_LIBRARY_PATH=natives/pytorch/cu124/linux-x86_64",
            "spark.executorEnv.PYTORCH_VERSION=2.5.1",
            "spark.executorEnv.PYTORCH_FLAVOR=cu124",
            "spark.executor.resource.gpu.amount=1",
            "spark.strata.device=cuda");
    String[] theirs = {
      "--gpu=2", "--master", "yarn", "--conf", "spark.executorEnv.PYTORCH_LIBRARY_PATH=/opt", "sql"
    };
    assertThat(launched(theirs).text())
        .contains("spark.executor.resource.gpu.amount=2")
        .contains("spark.executor.resource.gpu.discoveryScript=./discover-gpus.sh")
        .contains("conf/discover-gpus.sh")
        .doesNotContain("--archives", "natives/");
  }

  @Test
  void executorsOfThisMachineUseTheCache() throws Exception {
    Path natives = prepared("2.5.1-cu124-linux-x86_64", CU124);
    Scripts.Result result = launched("--gpu=2", "--master", "local-cluster[1,4,2048]", "generate");
    assertThat(result.text().lines())
        .contains("kernel: --device-only --device cuda")
        .contains("spark.executorEnv.PYTORCH_LIBRARY_PATH=" + natives)
        .contains("spark.executor.resource.gpu.amount=2", "spark.worker.resource.gpu.amount=2")
        .anyMatch(line -> line.endsWith(".discoveryScript=" + discoveryScript()));
  }

  private Path discoveryScript() {
    return directory.resolve("strata/conf/discover-gpus.sh");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--gpu=0 generate | --gpu is '0'; it must be the number of GPUs of each executor",
        "--gpu=2 generate | --gpu=2 needs a cluster, since a local master uses one GPU",
        "--gpu --master local-cluster[2,1,1024] generate | all workers would take the same GPUs",
        "--natives | --natives needs a value"
      })
  void wrongUseIsOneSentence(String command, String message) throws Exception {
    Scripts.Result result = launched(command.split(" ", -1));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.text()).contains(message).hasLineCount(1);
  }

  @Test
  void armMachinesGetNativesOfTheirOwn() throws Exception {
    Scripts.write(programs.resolve("uname"), "echo aarch64");
    Path natives = prepared("2.7.1-cpu-linux-aarch64", AARCH64);
    assertThat(launched("generate").text().lines())
        .contains("kernel: --device-only --device cpu")
        .endsWith("PYTORCH_FLAVOR=cpu", "PYTORCH_LIBRARY_PATH=" + natives, "PYTORCH_VERSION=2.7.1");
    assertThat(launched("--master", "spark://far:7077", "generate").text())
        .doesNotContain("PYTORCH", "kernel");
    assertThat(launched("--gpu", "generate"))
        .isEqualTo(
            new Scripts.Result(
                2,
                "strata: there are no natives for GPUs of machines with ARM processors; leave --gpu"
                    + " out to work on the processor"));
  }

  /** A folder that looks like a PyTorch. */
  private Path own(String description, String... files) throws IOException {
    Path lib = Files.createDirectories(directory.resolve("own/lib"));
    byte[] elf = new byte[64];
    elf[18] = 62; // for x86-64
    Files.write(lib.resolve("libtorch.so"), elf);
    for (String file : files) {
      Files.writeString(lib.resolve(file), "");
    }
    if (!description.isEmpty()) {
      Files.writeString(lib.resolveSibling("build-version"), description + "\n");
    }
    return lib;
  }

  @Test
  void aPyTorchOfOnesOwn() throws Exception {
    nvidiaSmi("570.86", "NVIDIA GeForce RTX 5090", "12.0");
    Path lib =
        own(
            "2.7.1+cu128",
            "libc10.so",
            "libtorch_cpu.so",
            "libc10_cuda.so",
            "libtorch_cuda.so",
            "libcudart-0ef9dc4c.so.12",
            "0.32.0-libdjl_torch.so");
    Scripts.Result result = launched("--gpu", "--natives", lib.getParent().toString(), "generate");
    assertThat(result.exitCode()).as(result.text()).isZero();
    assertThat(result.text().lines())
        .contains("kernel: --device-only --device cuda")
        .endsWith("PYTORCH_FLAVOR=cu128", "PYTORCH_LIBRARY_PATH=" + lib, "PYTORCH_VERSION=2.7.1");
    Files.delete(lib.resolve("0.32.0-libdjl_torch.so"));
    assertThat(
            launched("--gpu", "--master", "yarn", "--natives", lib.toString(), "generate").text())
        .contains("gpu-natives.sh jni " + lib + "/0.32.0-libdjl_torch.so --flavor cu128");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2.7.1+cu128 | libc10.so libtorch_cpu.so libc10_cuda.so | there is no libtorch_cuda.so",
        "2.7.1+cu128 | libc10.so libtorch_cpu.so libc10_cuda.so libtorch_cuda.so | there is no"
            + " libcudart",
        "2.7.1+cu126 | libc10.so | holds PyTorch 2.7.1 for cu126 on x86_64, which Strata has no way"
            + " to call",
        "2.6.0+cpu | libc10.so | holds PyTorch 2.6.0 for cpu",
        "'' | libc10.so | says which PyTorch it is",
        "2.7.1+cpu | libc10.so libtorch_cpu.so | holds PyTorch for processors; leave one of them out"
      })
  void aPyTorchThatWillNotDo(String description, String files, String message) throws Exception {
    Path lib = own(description, files.split(" ", -1));
    Scripts.Result result = launched("--gpu", "--natives", lib.toString(), "generate");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.text()).contains(message).hasLineCount(1);
  }

  @Test
  void aFolderThatIsNoPyTorch() throws Exception {
    assertThat(launched("--natives", programs.toString(), "generate").text())
        .contains("there is no libtorch.so in it");
    Path lib = own("2.7.1+cpu");
    byte[] elf = Files.readAllBytes(lib.resolve("libtorch.so"));
    elf[18] = (byte) 183; // for ARM
    Files.write(lib.resolve("libtorch.so"), elf);
    assertThat(launched("--natives", lib.toString(), "generate").text())
        .contains("libtorch.so is not for this processor, x86_64");
  }

  /** Those for CPUs stand in; what a preparation that was killed left is of no account. */
  @Test
  void ofTwoPreparationsAtOnceOneWorks() throws Exception {
    String jar =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(path -> path.contains("pytorch-native-cpu"))
            .findFirst()
            .orElseThrow();
    Path folder = cache.resolve("2.5.1-cpu-linux-x86_64");
    Files.createDirectories(cache.resolve("2.5.1-cpu-linux-x86_64.part/half"));
    environment.put("STRATA_NATIVES_FROM", Path.of(jar).getParent().toString());
    List<Process> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(
          Scripts.start(environment, "submit-scripts/gpu-natives.sh", "cache", "--flavor", "cpu"));
    }
    StringBuilder said = new StringBuilder();
    for (Process process : both) {
      said.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertThat(process.waitFor()).as(said.toString()).isZero();
    }
    assertThat(said.toString().lines())
        .containsExactlyInAnyOrder(
            "Unpacking PyTorch 2.5.1 for cpu to " + folder + ", once",
            folder.toString(),
            folder.toString());
    assertThat(folder.toFile().list())
        .contains("libtorch.so", "libtorch_cpu.so", "libc10.so")
        .doesNotContain("half");
  }
}
