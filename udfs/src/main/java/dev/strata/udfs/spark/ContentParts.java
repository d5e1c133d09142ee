package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The content of a message as a list of parts, each with a {@code type}, as chats with images have
 * it. Only parts of type {@code text} can be read.
 */
final class ContentParts {

  private static final String TYPE = "type";
  private static final String TEXT = "text";

  private ContentParts() {}

  /** Whether values of a type are lists of parts. */
  static boolean areOf(DataType type) {
    if (!(type instanceof ArrayType array)) {
      return false;
    }
    return array.elementType() instanceof StructType part
        ? List.of(part.fieldNames()).contains(TYPE)
        : array.elementType() instanceof MapType map
            && TextColumns.isText(map.keyType())
            && TextColumns.isText(map.valueType());
  }

  /**
   * The parts' texts, one after the other.
   *
   * @param place of the content, for messages
   * @throws RowException if a part is no text
   */
  static String text(List<?> parts, String place) {
    return parts.stream().map(part -> text(part, place)).collect(Collectors.joining());
  }

  private static String text(Object part, String place) {
    Object type = field(part, TYPE);
    Object text = field(part, TEXT);
    if (!TEXT.equals(type) || text == null) {
      throw new RowException(
          "%s has a part of type %s, but models read texts alone here".formatted(place, type));
    }
    return text.toString();
  }

  private static Object field(Object part, String name) {
    if (part instanceof Row fields) {
      boolean has = List.of(fields.schema().fieldNames()).contains(name);
      return has ? fields.get(fields.fieldIndex(name)) : null;
    }
    return part instanceof scala.collection.Map<?, ?> map ? entry(map, name) : null;
  }

  private static Object entry(scala.collection.Map<?, ?> map, String name) {
    Map<?, ?> fields = CollectionConverters.asJava(map);
    return fields.get(name);
  }
}
