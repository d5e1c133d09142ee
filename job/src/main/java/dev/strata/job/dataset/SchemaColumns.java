package dev.strata.job.dataset;

import static org.apache.spark.sql.functions.lit;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/** The columns of a schema, taken from rows that may lack some. */
public final class SchemaColumns {

  private SchemaColumns() {}

  /** Each column of the schema by its name and with its type; one that rows lack is null. */
  public static Column[] of(StructType schema, Dataset<Row> rows) {
    List<String> there = Arrays.asList(rows.columns());
    return Arrays.stream(schema.fields())
        .map(
            field ->
                (there.contains(field.name()) ? named(field.name()) : lit(null))
                    .cast(field.dataType())
                    .as(field.name()))
        .toArray(Column[]::new);
  }

  /** A column by its name alone, whatever is in it. */
  public static Column named(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }
}
