package dev.strata.udfs.tools;

import com.sun.nio.file.ExtendedOpenOption;
import dev.strata.udfs.api.StrataException.Fault;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * How fast the largest shard of a model can be read: from the disk itself where its file system
 * allows direct reads, else perhaps from the page cache. Takes two seconds at most.
 */
final class DiskRate {

  private static final String SUBJECT = "disk";
  private static final long NANOS = 2_000_000_000L;
  private static final int THREADS = 4;
  private static final int BLOCK_BYTES = 8 << 20;

  /** No disk has larger sectors. */
  private static final int ALIGNMENT = 4096;

  /** Less than this is read too soon to tell a rate. */
  private static final long LEAST_BYTES = 256L << 20;

  /** Below this, a wave waits for the disk longer than people like. */
  private static final double SLOW = 0.5e9;

  private record Measured(double bytesPerSecond, boolean direct) {}

  private final Path file;
  private final long blocks;
  private final AtomicLong nextBlock = new AtomicLong();
  private final long end = System.nanoTime() + NANOS;

  private DiskRate(Path file) throws IOException {
    this.file = file;
    this.blocks = Math.max(1, Files.size(file) / BLOCK_BYTES);
  }

  /**
   * Reads some of a model.
   *
   * @param model its directory, null for none
   */
  static Finding check(String model) {
    if (model == null) {
      return Finding.warning(SUBJECT, "not measured, since no model is given");
    }
    if (model.matches("[A-Za-z][A-Za-z0-9+.-]+:.*") && !model.startsWith("file:")) {
      return Finding.ok(
          SUBJECT, "not measured, since %s is not a local directory".formatted(model));
    }
    try {
      Path directory = model.startsWith("file:") ? Path.of(URI.create(model)) : Path.of(model);
      Optional<Path> shard = largestShard(directory);
      return shard.isPresent() && Files.size(shard.get()) >= LEAST_BYTES
          ? describe(shard.get(), measure(shard.get()))
          : Finding.ok(SUBJECT, "not measured, since there is no large shard in " + directory);
    } catch (NoSuchFileException e) {
      return Finding.warning(SUBJECT, "not measured, since there is no " + model);
    } catch (IOException | IllegalArgumentException e) {
      return Finding.failed(SUBJECT, Fault.MODEL, "%s cannot be read: %s".formatted(model, e));
    }
  }

  private static Finding describe(Path shard, Measured measured) {
    String text =
        String.format(
            Locale.ROOT,
            "%.1f GB/s, %s of %s",
            measured.bytesPerSecond / 1e9,
            measured.direct ? "direct reads" : "reads that may come from the page cache",
            shard.getFileName());
    return measured.bytesPerSecond < SLOW
        ? Finding.warning(
            SUBJECT, text + "; put the model on a faster disk, an NVMe reads several GB/s")
        : Finding.ok(SUBJECT, text);
  }

  private static Optional<Path> largestShard(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.toString().endsWith(".safetensors"))
          .max(Comparator.comparingLong(file -> file.toFile().length()));
    }
  }

  private static Measured measure(Path file) throws IOException {
    try {
      return new Measured(
          new DiskRate(file).rate(StandardOpenOption.READ, ExtendedOpenOption.DIRECT), true);
    } catch (IOException | UnsupportedOperationException e) {
      return new Measured(new DiskRate(file).rate(StandardOpenOption.READ), false);
    }
  }

  private double rate(OpenOption... how) throws IOException {
    long start = System.nanoTime();
    long bytes = 0;
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (FileChannel channel = FileChannel.open(file, how)) {
      List<Callable<Long>> readers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        readers.add(() -> read(channel));
      }
      for (Future<Long> reader : threads.invokeAll(readers)) {
        bytes += reader.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      threads.shutdownNow();
    }
    return bytes / ((System.nanoTime() - start) / 1e9);
  }

  /** Reads blocks that no other thread has read, until there are none or the time is over. */
  private long read(FileChannel channel) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES + ALIGNMENT).alignedSlice(ALIGNMENT);
    block.limit(BLOCK_BYTES);
    long bytes = 0;
    for (long i = nextBlock.getAndIncrement();
        i < blocks && System.nanoTime() < end;
        i = nextBlock.getAndIncrement()) {
      block.rewind();
      bytes += Math.max(0, channel.read(block, i * BLOCK_BYTES));
    }
    return bytes;
  }
}
