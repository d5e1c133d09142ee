package dev.strata.udfs.engine;

import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Brings the embedding rows of a sweep's tokens to the hidden states: each row is read once, the
 * matrix never.
 */
final class EmbeddingReader implements HiddenStates.Embedding, AutoCloseable {

  private static final String OWNER = "embedding rows";

  private final ComputeDevice device;
  private final Checkpoint checkpoint;
  private final Weight embedding;
  private final int stagedRows;
  private final Tensor staged;
  private final ByteBuffer buffer;
  private final AtomicLong bytesRead = new AtomicLong();

  /**
   * @param stagedRows rows read before they are copied to the device
   */
  EmbeddingReader(ComputeDevice device, Checkpoint checkpoint, int stagedRows) {
    this.device = device;
    this.checkpoint = checkpoint;
    this.embedding = checkpoint.weight(WeightRole.EMBEDDING, -1);
    this.stagedRows = stagedRows;
    this.staged =
        device.allocateHost(
            OWNER, Numbers.typeOf(embedding.type()), stagedRows, embedding.columns());
    this.buffer = staged.buffer();
  }

  /** What rows of so many bytes take in host memory, from which they are copied. */
  static Footprint staged(int rows, long rowBytes, boolean pinned) {
    return Footprint.host(OWNER, Rounding.host(rows * rowBytes, pinned));
  }

  /** What such rows take on a device apart, before and after they are picked from. */
  static Footprint onDevice(int rows, long rowBytes) {
    return Footprint.device(OWNER, 2L * rows * rowBytes);
  }

  @Override
  public void embed(int[] tokens, Tensor hidden, int row) throws IOException {
    for (int first = 0; first < tokens.length; first += stagedRows) {
      int end = Math.min(tokens.length, first + stagedRows);
      embed(Arrays.copyOfRange(tokens, first, end), hidden, (long) row + first);
    }
  }

  private void embed(int[] tokens, Tensor hidden, long row) throws IOException {
    Map<Integer, Integer> places = new LinkedHashMap<>();
    long[] index = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      places.putIfAbsent(tokens[i], places.size());
      index[i] = places.get(tokens[i]);
    }
    read(new ArrayList<>(places.keySet()));
    try (Tensor indexes = device.indexes(index)) {
      device.kernels().embed(staged, places.size(), indexes, hidden, row);
    }
  }

  /** Each row is a read of its own, so several are under way at once. */
  private void read(List<Integer> tokens) throws IOException {
    try {
      IntStream.range(0, tokens.size()).parallel().forEach(place -> read(tokens.get(place), place));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    bytesRead.addAndGet(tokens.size() * embedding.rowBytes());
  }

  private void read(int token, int place) {
    int rowBytes = (int) embedding.rowBytes();
    try {
      checkpoint.read(
          embedding, token * embedding.rowBytes(), buffer.slice(place * rowBytes, rowBytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bytes of all rows read so far. */
  long bytesRead() {
    return bytesRead.get();
  }

  @Override
  public void close() {
    staged.close();
  }
}
