package dev.strata.udfs.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Values of a row as bytes, without its schema, so that an unfinished row waits outside the heap.
 * Frequent types have a compact form; what else Spark puts in a row (dates, timestamps, intervals,
 * variants …) is serializable and goes as Java writes it.
 */
final class RowCodec {

  private static final byte NULL = 0;
  private static final byte FALSE = 1;
  private static final byte TRUE = 2;
  private static final byte INT = 3;
  private static final byte LONG = 4;
  private static final byte FLOAT = 5;
  private static final byte DOUBLE = 6;
  private static final byte STRING = 7;
  private static final byte BINARY = 8;
  private static final byte DECIMAL = 9;
  private static final byte ROW = 10;
  private static final byte ARRAY = 11;
  private static final byte MAP = 12;
  private static final byte OTHER = 13;

  private RowCodec() {}

  static byte[] encode(Object[] values) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try {
      writeAll(new DataOutputStream(bytes), Arrays.asList(values));
    } catch (IOException e) {
      throw new IllegalStateException(
          "a value of a row cannot be serialized: " + e.getMessage(), e);
    }
    return bytes.toByteArray();
  }

  static Object[] decode(byte[] bytes) {
    try {
      return readAll(new DataInputStream(new ByteArrayInputStream(bytes)));
    } catch (IOException e) {
      throw new IllegalStateException("a row that was set aside cannot be read back", e);
    }
  }

  private static void writeAll(DataOutputStream out, Collection<?> values) throws IOException {
    out.writeInt(values.size());
    for (Object value : values) {
      write(out, value);
    }
  }

  private static void write(DataOutputStream out, Object value) throws IOException {
    if (value == null) {
      out.writeByte(NULL);
    } else if (value instanceof Boolean flag) {
      out.writeByte(flag ? TRUE : FALSE);
    } else if (value instanceof Integer number) {
      out.writeByte(INT);
      out.writeInt(number);
    } else if (value instanceof Long number) {
      out.writeByte(LONG);
      out.writeLong(number);
    } else if (value instanceof Float number) {
      out.writeByte(FLOAT);
      out.writeFloat(number);
    } else if (value instanceof Double number) {
      out.writeByte(DOUBLE);
      out.writeDouble(number);
    } else if (value instanceof String text) {
      out.writeByte(STRING);
      writeBytes(out, text.getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof byte[] binary) {
      out.writeByte(BINARY);
      writeBytes(out, binary);
    } else if (value instanceof BigDecimal decimal) {
      out.writeByte(DECIMAL);
      out.writeInt(decimal.scale());
      writeBytes(out, decimal.unscaledValue().toByteArray());
    } else {
      writeNested(out, value);
    }
  }

  private static void writeNested(DataOutputStream out, Object value) throws IOException {
    if (value instanceof Row row) {
      out.writeByte(ROW);
      writeAll(out, CollectionConverters.asJava(row.toSeq()));
    } else if (value instanceof scala.collection.Seq<?> array) {
      out.writeByte(ARRAY);
      writeAll(out, CollectionConverters.asJava(array));
    } else if (value instanceof scala.collection.Map<?, ?> map) {
      out.writeByte(MAP);
      out.writeInt(map.size());
      for (Map.Entry<?, ?> entry : CollectionConverters.asJava(map).entrySet()) {
        write(out, entry.getKey());
        write(out, entry.getValue());
      }
    } else {
      out.writeByte(OTHER);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
        objects.writeObject(value);
      }
      writeBytes(out, bytes.toByteArray());
    }
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static Object read(DataInputStream in) throws IOException {
    byte tag = in.readByte();
    return switch (tag) {
      case NULL -> null;
      case FALSE -> false;
      case TRUE -> true;
      case INT -> in.readInt();
      case LONG -> in.readLong();
      case FLOAT -> in.readFloat();
      case DOUBLE -> in.readDouble();
      case STRING -> new String(readBytes(in), StandardCharsets.UTF_8);
      case BINARY -> readBytes(in);
      case DECIMAL -> readDecimal(in);
      case ROW -> RowFactory.create(readAll(in));
      case ARRAY -> readArray(in);
      case MAP -> readMap(in);
      case OTHER -> readOther(in);
      default -> throw new IOException("unknown tag " + tag);
    };
  }

  private static Object[] readAll(DataInputStream in) throws IOException {
    Object[] values = new Object[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = read(in);
    }
    return values;
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }

  private static BigDecimal readDecimal(DataInputStream in) throws IOException {
    int scale = in.readInt();
    return new BigDecimal(new BigInteger(readBytes(in)), scale);
  }

  private static Object readArray(DataInputStream in) throws IOException {
    List<Object> elements = Arrays.asList(readAll(in));
    return CollectionConverters.asScala(elements).toSeq();
  }

  private static Object readMap(DataInputStream in) throws IOException {
    int size = in.readInt();
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      Object key = read(in);
      map.put(key, read(in));
    }
    return CollectionConverters.asScala(map);
  }

  @SuppressWarnings("BanSerializableRead") // these bytes were written by this JVM a moment ago
  private static Object readOther(DataInputStream in) throws IOException {
    byte[] bytes = readBytes(in);
    try (ObjectInputStream objects = new TaskObjects(bytes)) {
      return objects.readObject();
    } catch (ClassNotFoundException e) {
      throw new IOException(e);
    }
  }

  /** Finds classes as the task does, since types of a user's jar may be in a row. */
  private static final class TaskObjects extends ObjectInputStream {

    TaskObjects(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(java.io.ObjectStreamClass type)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(type.getName(), false, Thread.currentThread().getContextClassLoader());
      } catch (ClassNotFoundException e) {
        return super.resolveClass(type);
      }
    }
  }
}
