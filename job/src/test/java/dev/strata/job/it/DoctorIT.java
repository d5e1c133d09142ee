package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The preflight on a machine that has a GPU, but natives for CPUs only. */
class DoctorIT {

  @TempDir Path directory;

  @Test
  void aGpuThatPyTorchCannotUse() throws Exception {
    Path fake = directory.resolve("nvidia-smi");
    Files.writeString(fake, "#!/bin/sh\necho 'NVIDIA T4, 550.54.15, 15000, 7.5'\n");
    assertThat(fake.toFile().setExecutable(true)).isTrue();
    String path = directory + File.pathSeparator + System.getenv("PATH");

    CommandResult result =
        Launcher.start(
                "strata",
                Map.of("PATH", path),
                "--conf",
                "spark.strata.host.memory=64m",
                "doctor",
                "--model",
                Demo.MODEL.toString(),
                "--model-cache-dir",
                directory.resolve("cache").toString(),
                "--verify")
            .await();

    assertThat(result.exitCode()).isEqualTo(5);
    assertThat(result.err()).isEmpty();
    assertThat(result.out().get(0)).matches("ok       Java     \\d+, .*");
    assertThat(result.out().get(1)).matches("ok       Spark    4\\..* for Scala 2\\.13 in .*");
    assertThat(result.out().get(2)).startsWith("ok       processor ");
    assertThat(result.out().get(3))
        .isEqualTo("ok       GPU      1 × NVIDIA T4, 14.6 GiB free, driver 550.54.15");
    assertThat(result.out().get(4))
        .isEqualTo(
            "failed   natives  device is 'cuda', but PyTorch's natives here are for processors;"
                + " start by submit-scripts/strata --gpu, which prepares those for GPUs, or use"
                + " 'cpu'");
    assertThat(result.out().get(6))
        .matches("ok       space    .+ free for natives in .+, .+ for Spark in .+");
    assertThat(result.out().get(7)).startsWith("ok       model    llama with 12 layers");
    assertThat(result.out().get(9))
        .matches(
            "ok       plan     \\d+ MiB of the card's memory, .* page tables for pinned memory");
    assertThat(result.out().get(10))
        .matches("ok       weights  0\\.0237 GB of \\S+ read in \\d+ s; the first reading, .*");
    assertThat(result.out()).hasSize(11);
  }
}
