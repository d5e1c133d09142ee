package dev.strata.udfs.engine;

import dev.strata.udfs.concurrent.Failures;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
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
  private volatile boolean isReading;
  private final AtomicLong bytesRead = new AtomicLong();

  /**
   * @param stagedRows rows read before they are copied to the device
   */
  EmbeddingReader(ComputeDevice device, Checkpoint checkpoint, int stagedRows) {
    this.device = device;
    this.checkpoint = checkpoint;
    this.embedding = checkpoint.weight(checkpoint.spec().embedding());
    this.stagedRows = stagedRows;
    this.staged =
        device.allocateHost(
            OWNER, Numbers.typeOf(embedding.type()), stagedRows, embedding.columns());
    try {
      this.buffer = staged.buffer();
    } catch (Throwable e) {
      Holdings.closeAfter(e, staged);
      throw e;
    }
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
    isReading = true;
    read(new ArrayList<>(places.keySet()));
    isReading = false;
    try (Tensor indexes = device.indexes(index)) {
      device
          .kernels()
          .embed(staged, places.size(), indexes, checkpoint.spec().embeddingScale(), hidden, row);
    }
  }

  /**
   * Each row is a read of its own, so several are under way at once. One that fails does not end
   * the others: they would still write when the rows' memory is used anew or gone.
   */
  private void read(List<Integer> tokens) throws IOException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    IntStream.range(0, tokens.size())
        .parallel()
        .forEach(
            place -> {
              try {
                read(tokens.get(place), place);
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            });
    throwIfAny(failure.get());
    bytesRead.addAndGet(tokens.size() * embedding.rowBytes());
  }

  private static void throwIfAny(Throwable failure) throws IOException {
    if (failure instanceof IOException e) {
      throw e;
    }
    Failures.throwUnchecked(failure);
  }

  private void read(int token, int place) throws IOException {
    int rowBytes = (int) embedding.rowBytes();
    checkpoint.read(
        embedding, token * embedding.rowBytes(), buffer.slice(place * rowBytes, rowBytes));
  }

  /** Whether rows are being read. */
  boolean isReading() {
    return isReading;
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
