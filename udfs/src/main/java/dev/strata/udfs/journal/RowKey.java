package dev.strata.udfs.journal;

import dev.strata.udfs.api.Sha256;
import java.nio.ByteBuffer;

/** What a row asks, as the first half of a digest. Rows with equal keys have equal answers. */
public record RowKey(long high, long low) {

  static final int BYTES = 2 * Long.BYTES;

  /** The key of what was added to a digest, which is then used up. */
  public static RowKey of(Sha256 digest) {
    return parse(digest.bytes());
  }

  static RowKey parse(byte[] bytes) {
    return read(ByteBuffer.wrap(bytes));
  }

  /** The next of several. */
  static RowKey read(ByteBuffer bytes) {
    return new RowKey(bytes.getLong(), bytes.getLong());
  }

  byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }
}
