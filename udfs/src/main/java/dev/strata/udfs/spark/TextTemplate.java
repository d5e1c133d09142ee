package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.text.PromptTemplate;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;

/** A prompt template that knows where its columns are. */
final class TextTemplate implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String text;
  private final Map<String, Integer> columns;
  private transient PromptTemplate template; // read again where it was sent

  private TextTemplate(String text, Map<String, Integer> columns) {
    this.text = text;
    this.columns = columns;
  }

  /**
   * Finds the columns of a template's placeholders.
   *
   * @throws StrataException if one is absent or cannot be shown as text
   */
  static TextTemplate of(String text, StructType schema) {
    Columns columns = new Columns(schema);
    Map<String, Integer> found = new HashMap<>();
    for (String name : PromptTemplate.parse(text).columns()) {
      int index = columns.require(name, "the prompt");
      requireText(name, schema.fields()[index].dataType());
      found.put(name, index);
    }
    return new TextTemplate(text, found);
  }

  private static void requireText(String name, DataType type) {
    if (type instanceof ArrayType
        || type instanceof MapType
        || type instanceof StructType
        || type.equals(DataTypes.BinaryType)) {
      throw StrataException.usage(
          "column '%s' is %s, which a prompt cannot show; make it a text first",
          name, type.catalogString());
    }
  }

  /**
   * The text for a row.
   *
   * @param own what to do to each value's text
   * @throws RowException if a value is null or empty
   */
  String render(Row row, UnaryOperator<String> own) {
    if (template == null) {
      template = PromptTemplate.parse(text);
    }
    return template.render(name -> row.get(columns.get(name)), own);
  }
}
