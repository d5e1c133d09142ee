package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.Sha256;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/** The ids of rows, as a run knows them: as texts, whatever the type of their column. */
public final class RowIds {

  /** The column of ids; null for a row without one. */
  public static final String ID = "strata_id";

  /** The column of digests of what rows ask; null where that is not known. */
  public static final String ASK = "strata_ask";

  private static final int ASK_DIGITS = 32;
  private static final StructType SCHEMA =
      StructType.fromDDL("%s STRING, %s STRING".formatted(ID, ASK));

  private RowIds() {}

  /**
   * The ids of rows and what they ask.
   *
   * @throws dev.strata.udfs.api.StrataException if the options name columns that are not there
   */
  public static Dataset<Row> of(Dataset<Row> rows, GenerationOptions options) {
    TextColumns texts = new TextColumns(rows.schema());
    RowPrompts prompts = RowPrompts.of(options, texts);
    MapFunction<Row, Row> asked = row -> JvmErrors.told(() -> asked(row, prompts));
    return texts.rows(rows).map(asked, Encoders.row(SCHEMA));
  }

  private static Row asked(Row row, RowPrompts prompts) {
    return RowFactory.create(prompts.id(row), digest(row, prompts).hex(ASK_DIGITS));
  }

  private static Sha256 digest(Row row, RowPrompts prompts) {
    try {
      return prompts.ask(row);
    } catch (RowException e) {
      return new Sha256().add(prompts.id(row)).add(e.getMessage());
    }
  }

  /** The ids of rows alone. */
  public static Column text(StructType schema, GenerationOptions options) {
    int id = new Columns(schema).require(options.idColumn(), "--id-column");
    DataType type = schema.fields()[id].dataType();
    return TextColumns.text(functions.col("`" + schema.fieldNames()[id] + "`"), type);
  }

  /**
   * The rows whose ids are not among others, and those without one.
   *
   * @param known has a column {@link #ID}
   */
  public static Dataset<Row> without(
      Dataset<Row> rows, Dataset<Row> known, GenerationOptions options) {
    String[] names = rows.columns(); // which may occur twice
    String[] places =
        IntStream.range(0, names.length).mapToObj(i -> "column" + i).toArray(String[]::new);
    int id = new Columns(rows.schema()).require(options.idColumn(), "--id-column");
    Column text =
        TextColumns.text(functions.col(places[id]), rows.schema().fields()[id].dataType());
    return rows.toDF(places)
        .withColumn(ID, text)
        .join(known, new String[] {ID}, "left_anti")
        .select(Arrays.stream(places).map(functions::col).toArray(Column[]::new))
        .toDF(names);
  }
}
