package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What comes out: the input's columns and those of the completion. An input column of the same name
 * as one of these is replaced, so that the output of one run can be the input of another.
 */
final class OutputRows implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final StructType COMPLETION =
      new StructType()
          .add("completion", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType, false)
          .add("prompt_tokens", DataTypes.IntegerType, false)
          .add("completion_tokens", DataTypes.IntegerType, false)
          .add("error", DataTypes.StringType);

  private final StructType schema;
  private final int[] kept;

  private OutputRows(StructType schema, int[] kept) {
    this.schema = schema;
    this.kept = kept;
  }

  static OutputRows of(StructType input) {
    return of(input, Arrays.asList(input.fieldNames()));
  }

  /**
   * Rows with some of the input's columns, in the order given.
   *
   * @throws StrataException if one is not there
   */
  static OutputRows of(StructType input, List<String> names) {
    StructField[] fields = input.fields();
    Columns columns = new Columns(input);
    int[] kept =
        names.stream()
            .mapToInt(name -> columns.require(name, "--columns"))
            .filter(i -> !isReplaced(fields[i].name()))
            .distinct()
            .toArray();
    StructType schema = new StructType();
    for (int i : kept) {
      schema = schema.add(fields[i]);
    }
    for (StructField field : COMPLETION.fields()) {
      schema = schema.add(field);
    }
    return new OutputRows(schema, kept);
  }

  /** The input's columns that do not come out. */
  static List<String> replaced(StructType input) {
    return Arrays.stream(input.fieldNames()).filter(OutputRows::isReplaced).toList();
  }

  private static boolean isReplaced(String name) {
    return Arrays.stream(COMPLETION.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  /** The columns of a completion. */
  static StructType completionColumns() {
    return COMPLETION;
  }

  /** The names of the input's columns that come out. */
  List<String> keptNames() {
    return Arrays.asList(schema.fieldNames()).subList(0, kept.length);
  }

  StructType schema() {
    return schema;
  }

  /** An input row's values that come out. */
  Object[] kept(Row input) {
    return Arrays.stream(kept).mapToObj(input::get).toArray();
  }

  /** An output row. */
  Row row(Object[] keptValues, Completion completion) {
    Object[] values = Arrays.copyOf(keptValues, schema.length());
    values[kept.length] = completion.text();
    values[kept.length + 1] = completion.finishReason().word();
    values[kept.length + 2] = completion.promptTokens();
    values[kept.length + 3] = completion.completionTokens();
    values[kept.length + 4] = completion.error();
    return RowFactory.create(values);
  }
}
