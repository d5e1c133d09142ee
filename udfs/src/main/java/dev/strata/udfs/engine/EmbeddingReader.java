package dev.strata.udfs.engine;

import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Brings the embedding rows of a sweep's tokens to the hidden states: each row is read once, the
 * matrix never.
 */
final class EmbeddingReader implements AutoCloseable {

  private final ComputeDevice device;
  private final Checkpoint checkpoint;
  private final Weight embedding;
  private final int stagedRows;
  private final Tensor staged;
  private final ByteBuffer buffer;
  private long bytesRead;

  /**
   * @param stagedRows rows read before they are copied to the device
   */
  EmbeddingReader(ComputeDevice device, Checkpoint checkpoint, int stagedRows) {
    this.device = device;
    this.checkpoint = checkpoint;
    this.embedding = checkpoint.weight(WeightRole.EMBEDDING, -1);
    this.stagedRows = stagedRows;
    this.staged =
        device.allocateHost("embedding", NumberType.UINT8, stagedRows * embedding.rowBytes());
    this.buffer = staged.buffer();
  }

  /** Fills the first rows of {@code hidden} with the embeddings of the tokens. */
  void embed(int[] tokens, Tensor hidden) throws IOException {
    for (int first = 0; first < tokens.length; first += stagedRows) {
      embed(tokens, first, Math.min(tokens.length, first + stagedRows), hidden);
    }
  }

  private void embed(int[] tokens, int begin, int end, Tensor hidden) throws IOException {
    Map<Integer, Integer> rows = new HashMap<>();
    long[] index = new long[end - begin];
    buffer.clear();
    for (int i = begin; i < end; i++) {
      Integer row = rows.get(tokens[i]);
      if (row == null) {
        row = rows.size();
        rows.put(tokens[i], row);
        read(tokens[i]);
      }
      index[i - begin] = row;
    }
    try (Tensor indexes = device.indexes(index)) {
      NumberType stored = Numbers.typeOf(embedding.type());
      device.kernels().embed(staged, stored, rows.size(), indexes, hidden, begin);
    }
  }

  private void read(int token) throws IOException {
    int rowBytes = (int) embedding.rowBytes();
    buffer.limit(buffer.position() + rowBytes);
    checkpoint.read(embedding, token * embedding.rowBytes(), buffer);
    bytesRead += rowBytes;
  }

  /** Bytes of all rows read so far. */
  long bytesRead() {
    return bytesRead;
  }

  @Override
  public void close() {
    staged.close();
  }
}
