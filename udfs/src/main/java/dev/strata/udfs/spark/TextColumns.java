package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of an input that are read as texts. A value of another type is what the session's
 * cast to a string makes of it, with its time zone and other settings; arrays, maps and structs are
 * JSON. Such texts are columns of their own, which {@link #rows} appends to the input's, so that
 * Spark makes them where the rows are read.
 */
final class TextColumns {

  /** A column that is made of one of the input's. */
  private record Made(int from, UnaryOperator<Column> how) {}

  private final StructType schema;
  private final Columns columns;
  private final Map<Integer, Integer> texts = new HashMap<>();
  private final List<Made> made = new ArrayList<>();

  TextColumns(StructType schema) {
    this.schema = schema;
    this.columns = new Columns(schema);
  }

  /** The input's own columns, which come first in rows. */
  StructType schema() {
    return schema;
  }

  /** Where a column of the input is, as it is; for the arguments see {@link Columns#require}. */
  int find(String name, String use) {
    return columns.require(name, use);
  }

  /**
   * Where the text of a column is in the rows.
   *
   * @param use what wants it, for the message
   * @throws StrataException if there is none of that name, or its values are never texts
   */
  int require(String name, String use) {
    int column = find(name, use);
    DataType type = schema.fields()[column].dataType();
    if (isText(type)) {
      return column;
    }
    if (!isShown(type)) {
      throw StrataException.usage(
          "column '%s' is %s, which a prompt cannot show; make it a text first",
          name, type.catalogString());
    }
    return texts.computeIfAbsent(column, from -> make(from, value -> text(value, type)));
  }

  /** Adds a column that is made of one of the input's, and returns where it is in the rows. */
  int make(int from, UnaryOperator<Column> how) {
    made.add(new Made(from, how));
    return schema.length() + made.size() - 1;
  }

  static boolean isText(DataType type) {
    return type instanceof StringType;
  }

  static boolean isShown(DataType type) {
    return Cast.canCast(type, DataTypes.StringType);
  }

  /** A value as a prompt shows it. */
  static Column text(Column value, DataType type) {
    boolean isNested =
        type instanceof ArrayType || type instanceof MapType || type instanceof StructType;
    return isNested ? functions.to_json(value) : value.cast(DataTypes.StringType);
  }

  /**
   * The rows with all texts that were asked for. Their columns are for places alone: names may
   * occur twice in an input.
   */
  Dataset<Row> rows(Dataset<Row> input) {
    if (made.isEmpty()) {
      return input;
    }
    String[] names =
        IntStream.range(0, schema.length()).mapToObj(i -> "column" + i).toArray(String[]::new);
    Stream<Column> own = Stream.of(names).map(functions::col);
    Stream<Column> texts =
        IntStream.range(0, made.size())
            .mapToObj(i -> made.get(i).how().apply(functions.col(names[made.get(i).from()])))
            .map(text -> text.as("text"));
    return input.toDF(names).select(Stream.concat(own, texts).toArray(Column[]::new));
  }
}
