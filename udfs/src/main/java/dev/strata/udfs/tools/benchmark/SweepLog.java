package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.SweepFigures;
import dev.strata.udfs.engine.SweepObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps what sweeps did, and chooses those to be traced: the first two with prompts, since the very
 * first may have to wait for memory, and one in which the whole wave is decoding.
 */
final class SweepLog implements SweepObserver {

  private static final int TRACED_PREFILLS = 2;
  private static final int TRACED_DECODE = 2;

  private final List<Sweep> sweeps = new ArrayList<>();
  private boolean recording;
  private long promptTokens;
  private int tracedDecode;
  private long storageBytes;

  /**
   * Sweeps count from now on; called while the engine is idle.
   *
   * @param ofPrompts tokens of all rows' prompts
   * @param newTokens of each row
   */
  synchronized void start(long ofPrompts, int newTokens) {
    sweeps.clear();
    recording = true;
    promptTokens = ofPrompts;
    tracedDecode = Math.max(0, Math.min(TRACED_DECODE, newTokens - 2));
    storageBytes = storageBytesSoFar();
  }

  /** Ends what {@link #start} began, and returns the sweeps between. */
  synchronized List<Sweep> stop() {
    recording = false;
    return List.copyOf(sweeps);
  }

  @Override
  public synchronized boolean traces(long sweep) {
    if (!recording) {
      return false;
    }
    long decodes = sweeps.stream().filter(s -> !s.isPrefill()).count();
    long prompted = sweeps.stream().mapToLong(s -> s.figures().promptTokens()).sum();
    return prompted == promptTokens
        ? decodes == tracedDecode
        : sweeps.size() - decodes < TRACED_PREFILLS;
  }

  @Override
  public synchronized void sweepEnded(SweepFigures figures) {
    if (recording) {
      long now = storageBytesSoFar();
      sweeps.add(new Sweep(figures, now < 0 ? -1 : now - storageBytes));
      storageBytes = now;
    }
  }

  /** What the kernel counts for this process; some containers hide it. */
  private static long storageBytesSoFar() {
    try {
      return Files.readAllLines(Path.of("/proc/self/io")).stream()
          .filter(line -> line.startsWith("read_bytes:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(-1);
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
  }
}
