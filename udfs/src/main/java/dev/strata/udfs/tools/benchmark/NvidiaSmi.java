package dev.strata.udfs.tools.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Asks {@code nvidia-smi} about the GPU that the engine uses: the first one visible. */
final class NvidiaSmi {

  static final String COMMAND = "nvidia-smi";
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  private NvidiaSmi() {}

  /** The first line of the answer; empty if there is no such command or it has none. */
  static Optional<String> ask(String query) {
    try {
      Process process = start(query);
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? answer.lines().findFirst() : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Starts a query, which answers on its standard output. */
  static Process start(String query, String... more) throws IOException {
    List<String> command = new ArrayList<>(List.of(COMMAND, "-i", gpu(System.getenv(VISIBLE))));
    command.add("--query-" + query);
    command.add("--format=csv,noheader,nounits");
    command.addAll(Arrays.asList(more));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** CUDA's first device by the numbers or names that it is told to see. */
  static String gpu(String visible) {
    return visible == null || visible.isBlank() ? "0" : visible.split(",", -1)[0].strip();
  }
}
