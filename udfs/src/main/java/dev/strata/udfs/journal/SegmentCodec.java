package dev.strata.udfs.journal;

import dev.strata.udfs.api.FinishReason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Entries as Arrow's stream format has them, one record batch for a segment, and back. */
final class SegmentCodec {

  private static final String KEY = "key";
  private static final String FROM = "from";
  private static final String TOKENS = "tokens";
  private static final String REASON = "reason";
  private static final String ERROR = "error";
  private static final String VALUES = "values";

  /** What each message begins with, before its length. */
  private static final int CONTINUES = -1;

  private static final int PREFIX_BYTES = 2 * Integer.BYTES;
  private static final long ANY_BYTES = 1 << 20;

  private static final ArrowType INT = new ArrowType.Int(Integer.SIZE, true);
  private static final ArrowType FLOAT = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private static final Schema SCHEMA =
      new Schema(
          List.of(
              field(KEY, new ArrowType.FixedSizeBinary(RowKey.BYTES)),
              field(FROM, INT),
              list(TOKENS, INT),
              field(REASON, ArrowType.Utf8.INSTANCE),
              field(ERROR, ArrowType.Utf8.INSTANCE),
              list(VALUES, FLOAT)));

  private SegmentCodec() {}

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.nullable(type), null);
  }

  private static Field list(String name, ArrowType element) {
    return new Field(
        name, FieldType.nullable(ArrowType.List.INSTANCE), List.of(field("element", element)));
  }

  static byte[] encode(List<RowEntry> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(SCHEMA, allocator);
        ArrowStreamWriter writer = new ArrowStreamWriter(root, null, Channels.newChannel(bytes))) {
      for (int row = 0; row < entries.size(); row++) {
        set(root, row, entries.get(row));
      }
      root.setRowCount(entries.size());
      writer.writeBatch();
      writer.end();
    }
    return bytes.toByteArray();
  }

  private static void set(VectorSchemaRoot root, int row, RowEntry entry) {
    ((FixedSizeBinaryVector) root.getVector(KEY)).setSafe(row, entry.key().bytes());
    ((IntVector) root.getVector(FROM)).setSafe(row, entry.from());
    setText(root, REASON, row, entry.reason() == null ? null : entry.reason().name());
    setText(root, ERROR, row, entry.error());
    ListVector tokens = (ListVector) root.getVector(TOKENS);
    int firstToken = tokens.startNewValue(row);
    IntVector ids = (IntVector) tokens.getDataVector();
    for (int i = 0; i < entry.tokens().length; i++) {
      ids.setSafe(firstToken + i, entry.tokens()[i]);
    }
    tokens.endValue(row, entry.tokens().length);
    ListVector values = (ListVector) root.getVector(VALUES);
    int firstValue = values.startNewValue(row);
    Float4Vector numbers = (Float4Vector) values.getDataVector();
    for (int i = 0; i < entry.values().length; i++) {
      numbers.setSafe(firstValue + i, entry.values()[i]);
    }
    values.endValue(row, entry.values().length);
  }

  private static void setText(VectorSchemaRoot root, String name, int row, String text) {
    if (text != null) {
      ((VarCharVector) root.getVector(name)).setSafe(row, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Gives out the entries of a segment in their order.
   *
   * @throws IOException if it is none, or one of another version
   */
  static void decode(byte[] segment, Consumer<RowEntry> entries) throws IOException {
    requireWhole(segment);
    // What is read of a segment is about as large as it is itself.
    try (BufferAllocator allocator = new RootAllocator(ANY_BYTES + 4L * segment.length);
        ArrowStreamReader reader =
            new ArrowStreamReader(new ByteArrayInputStream(segment), allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      if (!root.getSchema().equals(SCHEMA)) {
        throw new IOException("its columns are " + root.getSchema());
      }
      while (reader.loadNextBatch()) {
        for (int row = 0; row < root.getRowCount(); row++) {
          entries.accept(entry(root, row));
        }
      }
    }
  }

  /** Whoever reads a message takes memory for as many bytes as it says it has. */
  private static void requireWhole(byte[] segment) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
    long at = 0;
    int length = -1;
    while (length != 0) {
      require(at >= 0 && at + PREFIX_BYTES <= segment.length);
      int mark = bytes.getInt((int) at);
      length = bytes.getInt((int) at + Integer.BYTES);
      at += PREFIX_BYTES;
      require(mark == CONTINUES && length >= 0 && at + length <= segment.length);
      long body = length == 0 ? 0 : bodyBytes(bytes.slice((int) at, length));
      require(body >= 0 && body <= segment.length);
      at += length + body;
    }
  }

  private static long bodyBytes(ByteBuffer message) {
    return Message.getRootAsMessage(message.order(ByteOrder.LITTLE_ENDIAN)).bodyLength();
  }

  private static void require(boolean holds) throws IOException {
    if (!holds) {
      throw new IOException("it is no stream of Arrow's");
    }
  }

  private static int elements(ListVector list, int row) {
    int begin = list.getElementStartIndex(row);
    int end = list.getElementEndIndex(row);
    if (begin < 0 || end < begin || end > list.getDataVector().getValueCount()) {
      throw new IllegalStateException("a list from %d to %d".formatted(begin, end));
    }
    return end - begin;
  }

  private static RowEntry entry(VectorSchemaRoot root, int row) {
    ListVector tokens = (ListVector) root.getVector(TOKENS);
    IntVector ids = (IntVector) tokens.getDataVector();
    int[] generated = new int[elements(tokens, row)];
    for (int i = 0; i < generated.length; i++) {
      generated[i] = ids.get(tokens.getElementStartIndex(row) + i);
    }
    ListVector values = (ListVector) root.getVector(VALUES);
    Float4Vector numbers = (Float4Vector) values.getDataVector();
    float[] read = new float[elements(values, row)];
    for (int i = 0; i < read.length; i++) {
      read[i] = numbers.get(values.getElementStartIndex(row) + i);
    }
    String reason = text(root, REASON, row);
    return new RowEntry(
        RowKey.parse(((FixedSizeBinaryVector) root.getVector(KEY)).get(row)),
        ((IntVector) root.getVector(FROM)).get(row),
        generated,
        reason == null ? null : FinishReason.valueOf(reason),
        text(root, ERROR, row),
        read);
  }

  private static String text(VectorSchemaRoot root, String name, int row) {
    VarCharVector texts = (VarCharVector) root.getVector(name);
    if (!texts.isNull(row) && texts.getEndOffset(row) > texts.getDataBuffer().capacity()) {
      throw new IllegalStateException("a text to " + texts.getEndOffset(row));
    }
    byte[] text = texts.get(row);
    return text == null ? null : new String(text, StandardCharsets.UTF_8);
  }
}
