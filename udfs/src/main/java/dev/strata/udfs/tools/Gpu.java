package dev.strata.udfs.tools;

import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.engine.EnginePreview;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A GPU as {@code nvidia-smi} lists it.
 *
 * @param driver the driver's version
 * @param freeBytes memory that no process holds
 * @param capability the CUDA compute capability, such as 8.6
 */
record Gpu(String name, String driver, long freeBytes, double capability) {

  private static final String COMMAND = "nvidia-smi";
  private static final String FIELDS = "name,driver_version,memory.free,compute_cap";
  private static final int TIMEOUT_SECONDS = 20;

  /** The oldest driver that runs programs of CUDA 12. */
  private static final int OLDEST_DRIVER = 525;

  /** The machine's GPUs; none if there is no driver of NVIDIA, or it does not answer. */
  static List<Gpu> list() {
    try {
      Path answer = Files.createTempFile("strata-gpus-", ".csv");
      try {
        return ask(answer);
      } finally {
        Files.delete(answer);
      }
    } catch (IOException e) {
      return List.of(); // no such command
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** Into a file, so that a command that hangs can be given up. */
  private static List<Gpu> ask(Path answer) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(COMMAND, "--query-gpu=" + FIELDS, "--format=csv,noheader,nounits")
            .redirectErrorStream(true)
            .redirectOutput(answer.toFile())
            .start();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return List.of();
    }
    return Files.readAllLines(answer, StandardCharsets.UTF_8).stream()
        .map(Gpu::parse)
        .flatMap(Optional::stream)
        .toList();
  }

  /** Reads a line such as {@code NVIDIA H200, 560.35.03, 143156, 9.0}. */
  static Optional<Gpu> parse(String line) {
    String[] fields = line.split(", *", -1);
    try {
      return fields.length != 4
          ? Optional.empty()
          : Optional.of(
              new Gpu(
                  fields[0],
                  fields[1],
                  Long.parseLong(fields[2]) << 20,
                  Double.parseDouble(fields[3])));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Whether the GPUs can do what is asked of them. */
  static Finding check(String device, List<Gpu> gpus, long deviceMemory) {
    if (device.equals("cpu")) {
      return Finding.ok("GPU", "not looked for, since the device is cpu");
    }
    if (gpus.isEmpty()) {
      return device.equals("auto")
          ? Finding.ok("GPU", "nvidia-smi finds none; the CPU does the mathematics")
          : Finding.failed(
              "GPU",
              Fault.RESOURCES,
              "nvidia-smi finds none; install NVIDIA's driver, or use --device cpu");
    }
    List<String> defects =
        gpus.stream().flatMap(gpu -> gpu.defects(deviceMemory)).distinct().toList();
    return defects.isEmpty()
        ? Finding.ok("GPU", describe(gpus))
        : Finding.failed(
            "GPU", Fault.RESOURCES, describe(gpus) + ": " + String.join("; ", defects));
  }

  private static String describe(List<Gpu> gpus) {
    Gpu first = gpus.get(0);
    return "%d × %s, %s free, driver %s"
        .formatted(gpus.size(), first.name, Sizes.text(first.freeBytes), first.driver);
  }

  private Stream<String> defects(long deviceMemory) {
    Stream.Builder<String> defects = Stream.builder();
    if (majorDriver() < OLDEST_DRIVER) {
      defects.add("the driver is older than " + OLDEST_DRIVER + ", update it");
    }
    EnginePreview.gpuRefusal(capability).ifPresent(defects::add);
    if (freeBytes < deviceMemory) {
      defects.add(
          "only %s are free, end what holds the others or lower --device-memory"
              .formatted(Sizes.text(freeBytes)));
    }
    return defects.build();
  }

  private int majorDriver() {
    String major = driver.replaceFirst("\\..*", "");
    return major.matches("\\d+") ? Integer.parseInt(major) : Integer.MAX_VALUE;
  }
}
