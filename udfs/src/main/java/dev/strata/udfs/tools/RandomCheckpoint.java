package dev.strata.udfs.tools;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Writes a checkpoint of a given shape filled with random numbers, in Hugging Face layout and in
 * the types that the shape's configuration has: for benchmarks and for tests of models larger than
 * memory. It says nothing, but costs what a trained one costs.
 */
public final class RandomCheckpoint {

  private static final long SHARD_BYTES = 1L << 30;
  private static final String CONFIG = "config.json";
  private static final String INDEX = "model.safetensors.index.json";

  private final CheckpointShape shape;
  private final List<List<RandomTensor>> shards;

  private RandomCheckpoint(CheckpointShape shape, long seed) {
    this.shape = shape;
    this.shards = shards(RandomTensors.of(shape, seed));
  }

  /** Writes the checkpoint to {@code directory}, which is made if it is not there. */
  public static void write(Path directory, CheckpointShape shape, long seed) throws IOException {
    new RandomCheckpoint(shape, seed).write(directory);
  }

  /**
   * Makes sure that {@code directory} is this checkpoint. What was begun and not ended never has
   * that name.
   *
   * @return whether it had to be written
   * @throws StrataException if the directory is there, and is something else or not complete
   */
  public static boolean ensure(Path directory, CheckpointShape shape, long seed)
      throws IOException {
    RandomCheckpoint checkpoint = new RandomCheckpoint(shape, seed);
    if (Files.exists(directory)) {
      checkpoint.requireComplete(directory);
      return false;
    }
    Files.createDirectories(directory.toAbsolutePath().getParent());
    Path begun = directory.resolveSibling("." + directory.getFileName() + "." + UUID.randomUUID());
    try {
      checkpoint.write(begun);
      Files.move(begun, directory, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (IOException e) {
      remove(begun);
      if (!Files.exists(directory)) {
        throw e;
      }
      checkpoint.requireComplete(directory); // another process was faster
      return false;
    }
  }

  private void requireComplete(Path directory) throws IOException {
    if (!isComplete(directory)) {
      throw StrataException.data(
          "%s is not a complete random checkpoint of shape %s with %d layers; remove it, or name"
              + " another --directory",
          directory, shape.name(), shape.layers());
    }
  }

  private static void remove(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  private void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    JsonObject names = new JsonObject();
    for (int i = 0; i < shards.size(); i++) {
      String name = shardName(i, shards.size());
      shards.get(i).forEach(tensor -> names.addProperty(tensor.name(), name));
    }
    JsonObject index = new JsonObject();
    index.add("weight_map", names);
    writeShards(directory);
    Files.writeString(directory.resolve(INDEX), index.toString());
    Files.writeString(directory.resolve(CONFIG), shape.config());
  }

  private static String shardName(int shard, int shards) {
    return String.format("model-%05d-of-%05d.safetensors", shard + 1, shards);
  }

  private void writeShards(Path directory) throws IOException {
    int threads = Math.min(shards.size(), Runtime.getRuntime().availableProcessors());
    ExecutorService writers = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> written = new ArrayList<>();
      for (int i = 0; i < shards.size(); i++) {
        Path file = directory.resolve(shardName(i, shards.size()));
        List<RandomTensor> tensors = shards.get(i);
        written.add(
            writers.submit(
                () -> {
                  writeShard(file, tensors);
                  return null;
                }));
      }
      for (Future<?> shard : written) {
        shard.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      writers.shutdownNow();
    }
  }

  /** Whether the directory has all of this checkpoint's files, each of its full length. */
  private boolean isComplete(Path directory) throws IOException {
    for (int i = 0; i < shards.size(); i++) {
      Path file = directory.resolve(shardName(i, shards.size()));
      if (!Files.exists(file) || Files.size(file) != bytes(shards.get(i))) {
        return false;
      }
    }
    Path config = directory.resolve(CONFIG);
    return Files.exists(directory.resolve(INDEX))
        && Files.exists(config)
        && Files.readString(config).equals(shape.config());
  }

  private static List<List<RandomTensor>> shards(Collection<RandomTensor> tensors) {
    List<List<RandomTensor>> shards = new ArrayList<>();
    long bytes = SHARD_BYTES;
    for (RandomTensor tensor : tensors) {
      if (bytes + tensor.bytes() > SHARD_BYTES) {
        shards.add(new ArrayList<>());
        bytes = 0;
      }
      shards.get(shards.size() - 1).add(tensor);
      bytes += tensor.bytes();
    }
    return shards;
  }

  private static long bytes(List<RandomTensor> shard) {
    int header = header(shard).getBytes(StandardCharsets.UTF_8).length;
    return Long.BYTES + header + shard.stream().mapToLong(RandomTensor::bytes).sum();
  }

  private static void writeShard(Path file, List<RandomTensor> tensors) throws IOException {
    byte[] header = header(tensors).getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      writeAll(channel, length.putLong(header.length).flip());
      writeAll(channel, ByteBuffer.wrap(header));
      for (RandomTensor tensor : tensors) {
        writeTensor(channel, tensor);
      }
      channel.force(true);
    }
  }

  private static String header(List<RandomTensor> tensors) {
    JsonObject header = new JsonObject();
    long offset = 0;
    for (RandomTensor tensor : tensors) {
      JsonObject entry = new JsonObject();
      entry.addProperty("dtype", tensor.dtype());
      entry.add("shape", numbers(tensor.shape().stream().mapToLong(Long::longValue).toArray()));
      entry.add("data_offsets", numbers(offset, offset + tensor.bytes()));
      header.add(tensor.name(), entry);
      offset += tensor.bytes();
    }
    return header.toString();
  }

  private static JsonArray numbers(long... values) {
    JsonArray array = new JsonArray();
    for (long value : values) {
      array.add(value);
    }
    return array;
  }

  private static void writeTensor(FileChannel channel, RandomTensor tensor) throws IOException {
    ByteBuffer block = tensor.block().duplicate().position(tensor.start());
    for (long left = tensor.bytes(); left > 0; ) {
      block.limit((int) Math.min(block.capacity(), block.position() + left));
      left -= block.remaining();
      writeAll(channel, block);
      block.clear();
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
