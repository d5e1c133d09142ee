package dev.strata.udfs.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.EnginePreview;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tools.Finding.Status;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {

  private static final long GB = 1L << 30;
  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();

  @TempDir Path directory;

  @Test
  void everythingIsLookedAt() {
    List<Finding> told = new ArrayList<>();
    List<Finding> findings =
        Doctor.examine(
            Map.of(
                "spark.strata.model", MODEL,
                "spark.strata.device", "cpu",
                "spark.strata.host.memory", "64m"),
            false,
            told::add);
    assertThat(told).isEqualTo(findings);
    assertThat(findings)
        .extracting(Finding::subject)
        .containsExactly(
            "Java", "Spark", "processor", "GPU", "natives", "memory", "space", "model", "disk");
    assertThat(findings.get(4).text()).startsWith("PyTorch's load, and its kernels run on the CPU");
    assertThat(findings.get(7).text())
        .isEqualTo("llama with 12 layers, 0.0231 GB read in each sweep; a greeting has 10 tokens");
    assertThat(findings.subList(2, 9)).extracting(Finding::status).containsOnly(Status.OK);
  }

  @Test
  void theDeviceAlone() {
    assertThat(Doctor.examineDevice(Map.of("spark.strata.device", "cpu"), finding -> {}))
        .extracting(Finding::status, Finding::subject)
        .containsExactly(tuple(Status.OK, "GPU"), tuple(Status.OK, "natives"));
  }

  @Test
  void settingsThatMakeNoSense() {
    assertThatThrownBy(
            () -> Doctor.examine(Map.of("spark.strata.device", "tpu"), false, finding -> {}))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("'tpu'");
  }

  @Test
  void gpus() {
    Gpu h200 = Gpu.parse("NVIDIA H200, 560.35.03, 143156, 9.0").orElseThrow();
    assertThat(Gpu.parse("No devices were found")).isEmpty();
    assertThat(Gpu.check("auto", List.of(h200, h200), 4 * GB))
        .isEqualTo(Finding.ok("GPU", "2 × NVIDIA H200, 139.8 GiB free, driver 560.35.03"));
    assertFailed(Gpu.check("auto", List.of(h200), 200 * GB), "only 139.8 GiB are free");
    assertFailed(Gpu.check("cuda", List.of(), GB), "install NVIDIA's driver, or use --device cpu");
    assertThat(Gpu.check("auto", List.of(), GB).status()).isEqualTo(Status.OK);
    Gpu old = Gpu.parse("Tesla K20, 470.57.02, 4000, 3.5").orElseThrow();
    assertFailed(Gpu.check("auto", List.of(old), GB), "the driver is older than 525");
    assertFailed(
        Gpu.check("auto", List.of(old), GB),
        "it has compute capability 3.5, which is older than PyTorch's natives");
    Gpu rtx = Gpu.parse("NVIDIA GeForce RTX 5090, 570.86, 32000, 12.0").orElseThrow();
    assertFailed(Gpu.check("cuda", List.of(rtx), GB), "compute capability 12.0, which is newer");
  }

  /** The same as the engine plans: what is the process's, and the page tables of what is pinned. */
  @Test
  void memoryOfTheCard() throws IOException {
    EngineOptions options =
        StrataConf.of(Map.of("spark.strata.model", MODEL, "spark.strata.host.memory", "64g"))
            .engineOptions();
    Finding found = PlanCheck.check(options);
    Matcher figures =
        Pattern.compile(
                "(\\d+) MiB of the card's memory, --device-memory of 4.0 GiB: (\\d+) MiB of the"
                    + " process and (\\d+) MiB of page tables for pinned memory")
            .matcher(found.text());
    assertThat(figures.matches()).as(found.text()).isTrue();
    PlanPreview plan;
    try (Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      plan = EnginePreview.plan(checkpoint, options, false);
    }
    assertThat(plan.lines()).anyMatch(line -> line.matches("  page tables +\\d.*"));
    long card = Long.parseLong(figures.group(1));
    assertThat(card << 20).isBetween(plan.deviceBytes(), plan.deviceBytes() + (1 << 20));
    assertThat(Long.parseLong(figures.group(3)))
        .isEqualTo((plan.hostBytes() / 512) / (1 << 20) + 1);
    assertThat(Long.parseLong(figures.group(2)) + Long.parseLong(figures.group(3)))
        .isBetween(card, card + 1);
  }

  @Test
  void aPlanThatCannotBeMade() {
    Map<String, String> settings = Map.of("spark.strata.model", MODEL);
    EngineOptions little = StrataConf.of(settings).engineOptions().withMemory(64 << 20, 1 << 30);
    assertFailed(PlanCheck.check(little), "spark.strata.device.memory is 64 MiB, but");
    EngineOptions absent = StrataConf.of(Map.of("spark.strata.model", "/none")).engineOptions();
    assertThat(PlanCheck.check(absent).status()).isEqualTo(Status.WARNING);
  }

  @Test
  void memory() {
    MachineMemory machine = new MachineMemory(16 * GB, false, 13 * GB, 0, 0);
    assertThat(Memory.check(machine, 2 * GB, 8 * GB).status()).isEqualTo(Status.OK);
    assertThat(Memory.check(machine, 2 * GB, 10 * GB))
        .isEqualTo(
            Finding.warning(
                "memory",
                "16.0 GiB, 13.0 GiB of them free, for a heap of 2.0 GiB, --host-memory of 10.0 GiB"
                    + " and 2.0 GiB for libraries; lower --host-memory by 1.0 GiB, or end what else"
                    + " uses the machine's memory"));
    assertFailed(
        Memory.check(new MachineMemory(8 * GB, true, 7 * GB, 0, 0), 2 * GB, 8 * GB),
        "8.0 GiB (the container's limit), 7.0 GiB of them free, for a heap of 2.0 GiB,"
            + " --host-memory of 8.0 GiB and 2.0 GiB for libraries; lower --host-memory by 4.0"
            + " GiB");
  }

  @Test
  void roomOnDisks() {
    ModelStaging copied = new ModelStaging(ModelStaging.Mode.COPY, directory.toString(), 0);
    Finding local = Space.check(directory, MODEL, copied);
    assertThat(local.status()).isEqualTo(Status.OK);
    assertThat(local.text())
        .matches("[0-9.]+ GiB free for natives in \\S+, [0-9.]+ GiB for Spark in " + directory);
    assertThat(Space.check(directory, "hdfs://none.invalid/model", copied).text())
        .matches(".* GiB for the model's copy in " + directory);
  }

  @Test
  void javaAndSpark() throws IOException {
    assertThat(Platform.java(17, "x").status()).isEqualTo(Status.OK);
    assertThat(Platform.java(25, "x").status()).isEqualTo(Status.WARNING);
    assertFailed(Platform.spark(null), "set SPARK_HOME");
    assertFailed(Platform.spark(directory.toString()), "there is no spark-core");
    Path jars = Files.createDirectory(directory.resolve("jars"));
    Path jar = Files.createFile(jars.resolve("spark-core_2.12-3.5.1.jar"));
    assertFailed(Platform.spark(directory.toString()), "3.5.1 for Scala 2.12");
    Files.move(jar, jars.resolve("spark-core_2.13-4.1.0.jar"));
    assertThat(Platform.spark(directory.toString()).status()).isEqualTo(Status.OK);
  }

  @Test
  void processors() {
    assertThat(Platform.processor(2, false).text())
        .isEqualTo("2 cores; on it, float32 is the type to take: it has no units for bfloat16");
    assertThat(Platform.processor(4, true).text()).endsWith("--compute-type bfloat16");
  }

  @Test
  void models() {
    assertThat(ModelCheck.check(null).status()).isEqualTo(Status.WARNING);
    assertFailed(ModelCheck.check("/nowhere"), "/nowhere");
  }

  private Finding verify(Path model) {
    return WeightCheck.check(
        model.toString(),
        new ModelStaging(ModelStaging.Mode.COPY, directory.resolve("cache").toString(), 0));
  }

  private Path copyOfModel() throws IOException {
    Path copy = Files.createDirectory(directory.resolve("model"));
    try (Stream<Path> files = Files.list(Path.of(MODEL))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  private static void write(Path file, long offset, byte[] bytes) throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.seek(offset);
      access.write(bytes);
    }
  }

  @Test
  void weightsAreHeldToTheFirstReading() throws IOException {
    Path model = copyOfModel();
    assertThat(verify(model).text())
        .matches(
            "0.0237 GB of .*/model read in \\d+ s; the first reading, whose checksums are now in"
                + " .*/cache/verified-[0-9a-f]{16}.json");
    Finding again = verify(model);
    assertThat(again.status()).isEqualTo(Status.OK);
    assertThat(again.text()).endsWith(" s; all bytes are those of the first reading");

    Path shard = model.resolve("model-00002-of-00003.safetensors");
    FileTime before = Files.getLastModifiedTime(shard);
    write(shard, 5_000_000, new byte[1]);
    assertFailed(verify(model), "model-00002-of-00003.safetensors has the CRC32C ");
    assertFailed(verify(model), ".json if that was on purpose");
    Files.setLastModifiedTime(shard, before);
    assertFailed(verify(model), "nobody has written to it since: its disk is not sound");

    Files.writeString(model.resolve("generation_config.json"), "{}");
    assertFailed(verify(model), "generation_config.json has the CRC32C ");
  }

  /** At the first reading there is nothing to compare with. */
  @Test
  void weightsThatMakeNoSense() throws IOException {
    Path model = copyOfModel();
    Path shard = model.resolve("model-00003-of-00003.safetensors");
    write(shard, 3_000_000, new byte[400_000]);
    Finding zeros = verify(model);
    assertThat(zeros.status()).isEqualTo(Status.WARNING);
    assertThat(zeros.text())
        .containsPattern(
            "tensor model\\.layers\\.\\d+\\.\\w+\\.\\w+_proj\\.weight in"
                + " model-00003-of-00003.safetensors has \\d+ bytes of zeros in one piece");
    byte[] notFinite = new byte[100];
    Arrays.fill(notFinite, (byte) 0xff);
    write(shard, 4_000_000, notFinite);
    Files.delete(directory.resolve("cache").toFile().listFiles()[0].toPath());
    assertFailed(verify(model), " in model-00003-of-00003.safetensors has 50 numbers that are not");
    assertThat(directory.resolve("cache")).isEmptyDirectory();
    byte[] many = new byte[3_000_000];
    Arrays.fill(many, (byte) 0xff);
    write(shard, 4_000_000, many);
    assertFailed(verify(model), " more of the kind; download " + model + " again");
    write(shard, 0, new byte[1]);
    assertFailed(verify(model), "model-00003-of-00003.safetensors");
    assertThat(WeightCheck.check(null, null).status()).isEqualTo(Status.WARNING);
  }

  @Test
  void disks() throws IOException {
    try (RandomAccessFile shard =
        new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      shard.setLength(300L << 20);
    }
    Finding measured = DiskRate.check(directory.toString());
    assertThat(measured.text()).contains(" GB/s, ").contains("reads").contains("model.safetensors");
    assertThat(DiskRate.check("hdfs://nn/m").text()).contains("is not a local directory");
    assertThat(DiskRate.check("/nowhere").text())
        .isEqualTo("not measured, since there is no /nowhere");
    assertThat(DiskRate.check(MODEL).text()).contains("no large shard");
  }

  private static void assertFailed(Finding finding, String text) {
    assertThat(finding.status()).isEqualTo(Status.FAILED);
    assertThat(finding.fault()).isNotNull();
    assertThat(finding.text()).contains(text);
  }
}
