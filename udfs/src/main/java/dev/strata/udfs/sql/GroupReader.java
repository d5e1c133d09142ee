package dev.strata.udfs.sql;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.InterpretedOrdering;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.Platform;

/** Reads rows in the order of groups: each row to a spool, its texts to the first level. */
final class GroupReader {

  private final InterpretedOrdering keys;
  private final UnsafeProjection texts;
  private final UnsafeProjection packing;
  private final TextLevels levels;
  private final RowSpool rows;
  private InternalRow first;
  private long group = -1;

  GroupReader(
      InterpretedOrdering keys,
      UnsafeProjection texts,
      UnsafeProjection packing,
      TextLevels levels,
      RowSpool rows) {
    this.keys = keys;
    this.texts = texts;
    this.packing = packing;
    this.levels = levels;
    this.rows = rows;
  }

  void read(InternalRow row) {
    if (first == null || keys.compare(first, row) != 0) {
      end();
      first = row.copy();
      group++;
      levels.begin(group);
    }
    InternalRow values = texts.apply(row);
    for (int call = 0; call < values.numFields(); call++) {
      if (!values.isNullAt(call)) {
        levels.add(call, values.getUTF8String(call).toString());
      }
    }
    rows.add(new RowSpool.Entry(0, group, (byte) 0, packed(row)));
  }

  private byte[] packed(InternalRow row) {
    UnsafeRow values = row instanceof UnsafeRow unsafe ? unsafe : packing.apply(row);
    byte[] bytes = new byte[values.getSizeInBytes()];
    values.writeToMemory(bytes, Platform.BYTE_ARRAY_OFFSET);
    return bytes;
  }

  /** Ends the group of the rows read last. */
  void end() {
    if (first != null) {
      levels.end();
    }
  }
}
