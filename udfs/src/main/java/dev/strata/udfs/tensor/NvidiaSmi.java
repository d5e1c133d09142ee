package dev.strata.udfs.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks {@code nvidia-smi} about the GPU that an engine uses. */
public final class NvidiaSmi {

  private static final String COMMAND = "nvidia-smi";
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";
  private static final int TIMEOUT_SECONDS = 20;

  private NvidiaSmi() {}

  /**
   * The lines of the answer; none if there is no such command, it fails or it hangs.
   *
   * @param device the engine's, such as {@code cuda:1}; the first one where it has no number
   * @param query such as {@code gpu=name}
   */
  public static List<String> ask(String device, String query) {
    ProcessBuilder command =
        new ProcessBuilder(
            COMMAND,
            "-i",
            gpu(System.getenv(VISIBLE), device),
            "--query-" + query,
            "--format=csv,noheader,nounits");
    try {
      return answer(command.redirectError(ProcessBuilder.Redirect.DISCARD).start());
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** A few lines, which the pipe holds until they are read. */
  private static List<String> answer(Process process) throws IOException, InterruptedException {
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        return List.of();
      }
      byte[] answer = process.getInputStream().readAllBytes();
      return new String(answer, StandardCharsets.UTF_8).strip().lines().toList();
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * CUDA's device, by the numbers or names that it is told to see.
   *
   * @param visible as {@code CUDA_VISIBLE_DEVICES} lists them; null for all
   */
  static String gpu(String visible, String device) {
    int number = number(device);
    if (visible == null || visible.isBlank()) {
      return Integer.toString(number);
    }
    String[] all = visible.split(",", -1);
    return all[Math.min(number, all.length - 1)].strip();
  }

  private static int number(String device) {
    String number = device.substring(device.indexOf(':') + 1);
    return number.matches("\\d{1,4}") ? Integer.parseInt(number) : 0;
  }
}
