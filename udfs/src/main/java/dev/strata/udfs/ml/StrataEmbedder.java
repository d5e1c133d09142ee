package dev.strata.udfs.ml;

import dev.strata.udfs.spark.Strata;
import org.apache.spark.ml.functions$;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Gives the text of each row a vector of length one, the mean of its last hidden states, as the
 * features of what comes behind it in a pipeline.
 */
public final class StrataEmbedder extends ModelStage<StrataEmbedder> {

  private static final long serialVersionUID = 1L;

  public StrataEmbedder() {
    this(Identifiable$.MODULE$.randomUID("strataEmbedder"));
  }

  /** A stage that pipelines know by this name. */
  public StrataEmbedder(String uid) {
    super(uid);
  }

  /** Reads what {@link #save} wrote. */
  public static MLReader<StrataEmbedder> read() {
    return new DefaultParamsReadable<StrataEmbedder>() {}.read();
  }

  /** Reads what {@link #save} wrote. */
  public static StrataEmbedder load(String path) {
    return read().load(path);
  }

  @Override
  Dataset<Row> ask(Strata strata, Dataset<Row> rows) {
    String column = getOrDefault(outputCol());
    Dataset<Row> embedded = strata.embed(rows);
    return embedded.withColumn(
        column, functions$.MODULE$.array_to_vector(embedded.col("`" + column + "`")));
  }

  @Override
  StructType withAnswer(StructType schema, String name) {
    return schema.add(name, SQLDataTypes.VectorType());
  }
}
