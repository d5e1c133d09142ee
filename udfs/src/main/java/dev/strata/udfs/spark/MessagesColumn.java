package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A column with whole conversations: {@code ARRAY<STRUCT<role, content>>}, whose further fields are
 * ignored, or {@code ARRAY<MAP<STRING, STRING>>}. A content may be a list of parts; values of other
 * types are shown as texts.
 */
final class MessagesColumn implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String name;
  private final int column;
  private final int role;
  private final int content;

  private MessagesColumn(String name, int column, int role, int content) {
    this.name = name;
    this.column = column;
    this.role = role;
    this.content = content;
  }

  /**
   * Finds the column.
   *
   * @throws StrataException if it is absent or of another type
   */
  static MessagesColumn of(String name, TextColumns columns) {
    int column = columns.find(name, "--messages-column");
    DataType type = columns.schema().fields()[column].dataType();
    if (type instanceof ArrayType array) {
      if (array.elementType() instanceof MapType map && isOfTexts(map)) {
        return new MessagesColumn(name, asTexts(column, map, columns), -1, -1);
      }
      if (array.elementType() instanceof StructType turn) {
        int role = field(turn, "role");
        int content = field(turn, "content");
        if (role >= 0 && content >= 0) {
          return ofTurns(name, column, turn.fields()[role], turn.fields()[content], columns)
              .orElseGet(() -> new MessagesColumn(name, column, role, content));
        }
      }
    }
    throw StrataException.usage(
        "column '%s' is %s; a messages column must be an array of (role STRING, content STRING)",
        name, type.catalogString());
  }

  private static boolean isOfTexts(MapType map) {
    return TextColumns.isText(map.keyType()) && TextColumns.isShown(map.valueType());
  }

  private static int asTexts(int column, MapType map, TextColumns columns) {
    DataType type = map.valueType();
    return TextColumns.isText(type)
        ? column
        : columns.make(
            column,
            turns ->
                functions.transform(
                    turns,
                    turn ->
                        functions.transform_values(
                            turn, (key, value) -> TextColumns.text(value, type))));
  }

  /** Turns with texts that are yet to be made; empty where all are texts. */
  private static Optional<MessagesColumn> ofTurns(
      String name, int column, StructField role, StructField content, TextColumns columns) {
    if (TextColumns.isText(role.dataType()) && isRead(content.dataType())) {
      return Optional.empty();
    }
    int made =
        columns.make(
            column,
            turns ->
                functions.transform(
                    turns,
                    turn ->
                        functions.when(
                            turn.isNotNull(),
                            functions.struct(text(turn, role), text(turn, content)))));
    return Optional.of(new MessagesColumn(name, made, 0, 1));
  }

  private static boolean isRead(DataType content) {
    return TextColumns.isText(content) || ContentParts.areOf(content);
  }

  private static Column text(Column turn, StructField field) {
    return isRead(field.dataType())
        ? turn.getField(field.name())
        : TextColumns.text(turn.getField(field.name()), field.dataType()).as(field.name());
  }

  /**
   * A row's conversation.
   *
   * @throws RowException if it is null, empty or lacks something
   */
  List<Message> read(Row row) {
    if (row.isNullAt(column)) {
      throw new RowException("column '" + name + "' is null");
    }
    List<?> turns = CollectionConverters.asJava((Seq<?>) row.get(column));
    if (turns.isEmpty()) {
      throw new RowException("column '" + name + "' is empty");
    }
    return IntStream.range(0, turns.size()).mapToObj(i -> message(turns.get(i), i)).toList();
  }

  private Message message(Object turn, int index) {
    if (turn instanceof Row fields) {
      return message(fields.getString(role), text(fields, index), index);
    }
    if (turn instanceof scala.collection.Map<?, ?> map) {
      java.util.Map<?, ?> fields = CollectionConverters.asJava(map);
      return message((String) fields.get("role"), (String) fields.get("content"), index);
    }
    throw new RowException("message %d of column '%s' is null".formatted(index + 1, name));
  }

  private String text(Row fields, int index) {
    return fields.get(content) instanceof Seq<?> parts
        ? ContentParts.text(
            CollectionConverters.asJava(parts),
            "message %d of column '%s'".formatted(index + 1, name))
        : fields.getString(content);
  }

  private Message message(String who, String text, int index) {
    if (who == null || text == null) {
      throw new RowException(
          "message %d of column '%s' has no %s"
              .formatted(index + 1, name, who == null ? "role" : "content"));
    }
    return new Message(who, text);
  }

  private static int field(StructType turn, String name) {
    return IntStream.range(0, turn.length())
        .filter(i -> turn.fields()[i].name().equalsIgnoreCase(name))
        .filter(i -> TextColumns.isShown(turn.fields()[i].dataType()))
        .findFirst()
        .orElse(-1);
  }
}
