package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What comes out: the input's columns and those of the answer. An input column of the same name as
 * one of these is replaced, so that the output of one run can be the input of another.
 */
final class OutputRows implements Serializable {

  private static final long serialVersionUID = 1L;

  private final StructType schema;
  private final int[] kept;
  private final AnswerColumns answers;

  private OutputRows(StructType schema, int[] kept, AnswerColumns answers) {
    this.schema = schema;
    this.kept = kept;
    this.answers = answers;
  }

  /**
   * Rows with some of the input's columns, in the order given.
   *
   * @throws StrataException if one is not there
   */
  static OutputRows of(StructType input, List<String> names, AnswerColumns answers) {
    StructField[] fields = input.fields();
    Columns columns = new Columns(input);
    int[] kept =
        names.stream()
            .mapToInt(name -> columns.require(name, "--columns"))
            .filter(i -> !isReplaced(fields[i].name(), answers))
            .distinct()
            .toArray();
    StructType schema = new StructType();
    for (int i : kept) {
      schema = schema.add(fields[i]);
    }
    for (StructField field : answers.schema().fields()) {
      schema = schema.add(field);
    }
    return new OutputRows(schema, kept, answers);
  }

  /** The input's columns that do not come out. */
  static List<String> replaced(StructType input, AnswerColumns answers) {
    return Arrays.stream(input.fieldNames()).filter(name -> isReplaced(name, answers)).toList();
  }

  private static boolean isReplaced(String name, AnswerColumns answers) {
    return Arrays.stream(answers.schema().fieldNames()).anyMatch(name::equalsIgnoreCase);
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
  Row row(Object[] keptValues, Answer answer) {
    Object[] values = Arrays.copyOf(keptValues, schema.length());
    Object[] answered = answers.values(answer);
    System.arraycopy(answered, 0, values, kept.length, answered.length);
    return RowFactory.create(values);
  }
}
