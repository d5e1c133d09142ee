package dev.strata.udfs.engine;

import dev.strata.udfs.concurrent.Failures;
import dev.strata.udfs.model.EmbeddingSpec;
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
 * Brings the embedding rows of a sweep's tokens to the hidden states, and rows that tokens carry
 * beside them: each row is read once, a matrix never.
 */
final class EmbeddingReader implements HiddenStates.Embedding, AutoCloseable {

  private static final String OWNER = "embedding rows";

  private final ComputeDevice device;
  private final Checkpoint checkpoint;
  private final List<Table> tables = new ArrayList<>();
  private final int stagedRows;
  private final Holdings holdings = new Holdings();
  private volatile boolean isReading;
  private final AtomicLong bytesRead = new AtomicLong();

  /**
   * @param stagedRows rows read before they are copied to the device
   */
  EmbeddingReader(ComputeDevice device, Checkpoint checkpoint, int stagedRows) {
    this.device = device;
    this.checkpoint = checkpoint;
    this.stagedRows = stagedRows;
    try {
      int column = 0;
      for (EmbeddingSpec embedding : checkpoint.spec().embeddings()) {
        tables.add(table(embedding, column));
        column += embedding.width();
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /**
   * A matrix that rows are read of.
   *
   * @param scale what they are multiplied by
   * @param column where they go in hidden states
   * @param staged rows on their way
   * @param buffer the same
   */
  private record Table(Weight weight, double scale, int column, Tensor staged, ByteBuffer buffer) {}

  private Table table(EmbeddingSpec embedding, int column) {
    Weight weight = checkpoint.weight(embedding.matrix());
    Tensor staged =
        holdings.add(
            device.allocateHost(
                OWNER, Numbers.typeOf(weight.type()), stagedRows, weight.columns()));
    return new Table(weight, embedding.scale(), column, staged, staged.buffer());
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
    List<Integer> read = new ArrayList<>(places.keySet());
    isReading = true;
    for (Table table : tables) {
      read(table, read);
    }
    isReading = false;
    try (Tensor indexes = device.indexes(index)) {
      for (Table table : tables) {
        device
            .kernels()
            .embed(
                table.staged(), read.size(), indexes, table.scale(), hidden, row, table.column());
      }
    }
  }

  /**
   * Each row is a read of its own, so several are under way at once. One that fails does not end
   * the others: they would still write when the rows' memory is used anew or gone.
   */
  private void read(Table table, List<Integer> tokens) throws IOException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    IntStream.range(0, tokens.size())
        .parallel()
        .forEach(
            place -> {
              try {
                read(table, tokens.get(place), place);
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            });
    throwIfAny(failure.get());
    bytesRead.addAndGet(tokens.size() * table.weight().rowBytes());
  }

  private static void throwIfAny(Throwable failure) throws IOException {
    if (failure instanceof IOException e) {
      throw e;
    }
    Failures.throwUnchecked(failure);
  }

  private void read(Table table, int token, int place) throws IOException {
    Weight weight = table.weight();
    int rowBytes = (int) weight.rowBytes();
    checkpoint.read(
        weight, token * weight.rowBytes(), table.buffer().slice(place * rowBytes, rowBytes));
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
    holdings.close();
  }
}
