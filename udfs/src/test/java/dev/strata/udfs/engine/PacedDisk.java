package dev.strata.udfs.engine;

import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.store.PacedModelFiles;
import dev.strata.udfs.tensor.SlowRouters;
import dev.strata.udfs.tools.KnownShapes;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Measures sweeps of a random mixture of experts whose tiles come as from a disk of some speed,
 * where this machine's is too fast for its processor:
 *
 * <pre>
 * java … dev.strata.udfs.engine.PacedDisk &lt;shape&gt; &lt;skew&gt; &lt;directory&gt; &lt;MB/s&gt;
 *   &lt;rows&gt; &lt;prompt tokens&gt; &lt;new tokens&gt; &lt;MB of weights in memory&gt;
 *   &lt;ms that a router takes more&gt;</pre>
 *
 * Prints of each decoding sweep what it read, how long it took, and by how much that is more than
 * the disk takes.
 */
final class PacedDisk {

  private final double bytesPerNano;
  private long freeAt = System.nanoTime();
  private long bytes;

  private PacedDisk(double megabytesPerSecond) {
    this.bytesPerNano = megabytesPerSecond / 1e3;
  }

  /** Reads begin one after another, each when the disk has given the bytes of those before. */
  private void read(ByteBuffer target) {
    long until;
    synchronized (this) {
      freeAt = Math.max(freeAt, System.nanoTime()) + (long) (target.remaining() / bytesPerNano);
      until = freeAt;
      bytes += target.remaining();
    }
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private synchronized long bytes() {
    return bytes;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Path directory = Path.of(args[2]);
    if (!Files.exists(directory)) {
      RandomCheckpoint.write(
          directory, KnownShapes.named(args[0]).withExpertSkew(Double.parseDouble(args[1])), 7);
    }
    int newTokens = Integer.parseInt(args[6]);
    PacedDisk disk = new PacedDisk(Double.parseDouble(args[3]));
    List<int[]> prompts =
        TestEngines.prompts(5, Integer.parseInt(args[4]), 1, 2 * Integer.parseInt(args[5]));
    TestEngines.OptionsBuilder options =
        TestEngines.options(directory)
            .hostMemory(2L << 30)
            .rowTokens(3 * Integer.parseInt(args[5]))
            .threads(Runtime.getRuntime().availableProcessors())
            .weightsMemory(Long.parseLong(args[7]) * 1_000_000);
    List<long[]> sweeps = new ArrayList<>();
    long routing = Long.parseLong(args[8]) * 1_000_000;
    Checkpoint checkpoint =
        Checkpoint.open(new PacedModelFiles(ModelFiles.at(args[2]), disk::read));
    try (Engine engine =
        Engine.start(
            options.build(),
            o -> SlowRouters.open(o.device(), o.computeType(), o.threads(), routing),
            checkpoint,
            Duration.ofHours(1))) {
      List<RowRequest> rows =
          IntStream.range(0, prompts.size())
              .mapToObj(i -> row(i, prompts.get(i), newTokens, disk, sweeps))
              .toList();
      TestEngines.run(engine, rows);
      disk.print(sweeps);
      System.out.println(engine.snapshot());
    }
  }

  /** Of the first row, who is asked after each sweep. */
  private static RowRequest row(
      int key, int[] prompt, int newTokens, PacedDisk disk, List<long[]> sweeps) {
    int[] usual = IntStream.of(prompt).map(token -> token % 4000).toArray();
    return TestEngines.request(
        key,
        usual,
        newTokens,
        (generated, count) -> {
          if (key == 0) {
            sweeps.add(new long[] {System.nanoTime(), disk.bytes()});
          }
          return false;
        });
  }

  private void print(List<long[]> sweeps) {
    for (int i = 1; i < sweeps.size(); i++) {
      double nanos = sweeps.get(i)[0] - sweeps.get(i - 1)[0];
      long read = sweeps.get(i)[1] - sweeps.get(i - 1)[1];
      System.out.printf(
          Locale.ROOT,
          "sweep %d: %.1f MB in %.3f s, %.2f of the disk's%n",
          i,
          read / 1e6,
          nanos / 1e9,
          nanos * bytesPerNano / read);
    }
  }
}
