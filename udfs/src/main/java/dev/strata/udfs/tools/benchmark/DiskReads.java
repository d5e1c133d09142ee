package dev.strata.udfs.tools.benchmark;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Reads a model's shards from front to back and over again, in blocks, by several threads: what the
 * disk or the page cache can give to reads as large as a tile's.
 */
final class DiskReads {

  static final int BLOCK_BYTES = 4 << 20;

  /** No disk has larger sectors, and no page is larger. */
  static final int ALIGNMENT = 4096;

  private record Block(FileChannel file, long offset) {}

  private final List<Path> shards;

  private DiskReads(List<Path> shards) {
    this.shards = shards;
  }

  /** Of the shards in a directory that are a block or more. */
  static DiskReads of(Path model) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      return new DiskReads(
          files
              .filter(file -> file.toString().endsWith(".safetensors"))
              .filter(file -> file.toFile().length() >= BLOCK_BYTES)
              .sorted()
              .toList());
    }
  }

  /** Whether there is enough to read. */
  boolean isEmpty() {
    return shards.isEmpty();
  }

  /**
   * Bytes per second.
   *
   * @param direct whether to go past the page cache
   * @param buffers one for each thread, of {@link #BLOCK_BYTES} and {@link #ALIGNMENT} bytes
   * @throws UnsupportedOperationException if the file system has no direct reads
   * @throws IOException if it has none either, or a shard cannot be read
   */
  double bytesPerSecond(boolean direct, double seconds, List<ByteBuffer> buffers)
      throws IOException, InterruptedException {
    OpenOption[] how =
        direct
            ? new OpenOption[] {StandardOpenOption.READ, ExtendedOpenOption.DIRECT}
            : new OpenOption[] {StandardOpenOption.READ};
    List<FileChannel> files = new ArrayList<>();
    try {
      for (Path shard : shards) {
        files.add(FileChannel.open(shard, how));
      }
      return bytesPerSecond(blocks(files), seconds, buffers);
    } finally {
      for (FileChannel file : files) {
        file.close();
      }
    }
  }

  private static List<Block> blocks(List<FileChannel> files) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (FileChannel file : files) {
      for (long i = 0; (i + 1) * BLOCK_BYTES <= file.size(); i++) {
        blocks.add(new Block(file, i * BLOCK_BYTES));
      }
    }
    return blocks;
  }

  private static double bytesPerSecond(List<Block> blocks, double seconds, List<ByteBuffer> buffers)
      throws IOException, InterruptedException {
    AtomicLong next = new AtomicLong();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    ExecutorService threads = Executors.newFixedThreadPool(buffers.size());
    try {
      List<Callable<Long>> readers = new ArrayList<>();
      for (ByteBuffer buffer : buffers) {
        ByteBuffer aligned = buffer.alignedSlice(ALIGNMENT).limit(BLOCK_BYTES);
        readers.add(() -> read(blocks, next, end, aligned));
      }
      long bytes = 0;
      for (Future<Long> reader : threads.invokeAll(readers)) {
        bytes += reader.get();
      }
      return bytes * 1e9 / (System.nanoTime() - start);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  private static long read(List<Block> blocks, AtomicLong next, long end, ByteBuffer buffer)
      throws IOException {
    long bytes = 0;
    while (System.nanoTime() < end) {
      Block block = blocks.get((int) (next.getAndIncrement() % blocks.size()));
      buffer.rewind();
      while (buffer.hasRemaining()) {
        bytes += block.file().read(buffer, block.offset() + buffer.position());
      }
    }
    return bytes;
  }
}
