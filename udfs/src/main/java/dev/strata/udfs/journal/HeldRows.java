package dev.strata.udfs.journal;

import dev.strata.udfs.api.FinishReason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** Rows by their keys, outside the heap. */
final class HeldRows implements AutoCloseable {

  private final BufferAllocator allocator;
  private final Map<RowKey, ArrowBuf> rows = new HashMap<>();

  /**
   * @param allocator stays the caller's
   */
  HeldRows(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  int size() {
    return rows.size();
  }

  Set<RowKey> keys() {
    return rows.keySet();
  }

  /** Takes a row in, in the place of one with its key. */
  void put(RowEntry row) {
    byte[] encoded = encode(row);
    ArrowBuf bytes = allocator.buffer(encoded.length);
    bytes.setBytes(0, encoded);
    ArrowBuf before = rows.put(row.key(), bytes);
    if (before != null) {
      before.close();
    }
  }

  private static byte[] encode(RowEntry row) {
    byte[] reason = bytes(row.reason() == null ? null : row.reason().name());
    byte[] error = bytes(row.error());
    ByteBuffer out =
        ByteBuffer.allocate(
            5 * Integer.BYTES
                + reason.length
                + error.length
                + Integer.BYTES * (row.tokens().length + row.values().length));
    out.putInt(row.from());
    out.putInt(reason.length).put(reason);
    out.putInt(error.length).put(error);
    out.putInt(row.tokens().length).putInt(row.values().length);
    for (int token : row.tokens()) {
      out.putInt(token);
    }
    for (float value : row.values()) {
      out.putFloat(value);
    }
    return out.array();
  }

  /** Neither a reason nor an error is an empty text. */
  private static byte[] bytes(String text) {
    return (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
  }

  /** A row, or null. */
  RowEntry get(RowKey key) {
    ArrowBuf bytes = rows.get(key);
    if (bytes == null) {
      return null;
    }
    ByteBuffer in = bytes.nioBuffer(0, (int) bytes.capacity());
    int from = in.getInt();
    String reason = text(in);
    String error = text(in);
    int[] tokens = new int[in.getInt()];
    float[] values = new float[in.getInt()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = in.getInt();
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getFloat();
    }
    FinishReason ended = reason == null ? null : FinishReason.valueOf(reason);
    return new RowEntry(key, from, tokens, ended, error, values);
  }

  private static String text(ByteBuffer in) {
    byte[] text = new byte[in.getInt()];
    in.get(text);
    return text.length == 0 ? null : new String(text, StandardCharsets.UTF_8);
  }

  /** Drops all rows. */
  void clear() {
    rows.values().forEach(ArrowBuf::close);
    rows.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
