package dev.strata.udfs.tools.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Asks {@code nvidia-smi} about the GPU that the engine uses: the first one visible. */
final class NvidiaSmi {

  private static final String COMMAND = "nvidia-smi";
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  private NvidiaSmi() {}

  /**
   * The lines of the answer; none if there is no such command or it fails.
   *
   * @param query such as {@code gpu=name}
   */
  static List<String> ask(String query) {
    ProcessBuilder command =
        new ProcessBuilder(
            COMMAND,
            "-i",
            gpu(System.getenv(VISIBLE)),
            "--query-" + query,
            "--format=csv,noheader,nounits");
    try {
      Process process = command.redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? answer.lines().toList() : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** CUDA's first device, by the numbers or names that it is told to see. */
  static String gpu(String visible) {
    return visible == null || visible.isBlank() ? "0" : visible.split(",", -1)[0].strip();
  }
}
