package dev.strata.udfs.ml;

import dev.strata.udfs.spark.Strata;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * A stage that asks a model about a column of texts and puts what it says into another. Params are
 * named as keys are; what is not set is as the session's {@code spark.strata.*} keys have it when
 * rows are given.
 *
 * @param <S> the stage itself
 */
public abstract class ModelStage<S extends ModelStage<S>> extends Transformer
    implements DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Param<String> model;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> errorCol;

  ModelStage(String uid) {
    this.uid = uid;
    this.model = new Param<>(this, "model", "The checkpoint's directory, or a URI.");
    this.inputCol = new Param<>(this, "inputCol", "The column with a row's text.");
    this.outputCol = new Param<>(this, "outputCol", "The new column.");
    this.errorCol =
        new Param<>(this, "errorCol", "A new column with why a row failed; none if not set.");
  }

  @Override
  public final String uid() {
    return uid;
  }

  public final Param<String> model() {
    return model;
  }

  public final Param<String> inputCol() {
    return inputCol;
  }

  public final Param<String> outputCol() {
    return outputCol;
  }

  public final Param<String> errorCol() {
    return errorCol;
  }

  /** The checkpoint's directory, or a URI. */
  public final S setModel(String directory) {
    return with(model, directory);
  }

  /** The column with a row's text. */
  public final S setInputCol(String column) {
    return with(inputCol, column);
  }

  /** The new column, null where a row failed. */
  public final S setOutputCol(String column) {
    return with(outputCol, column);
  }

  /** A new column that says why a row failed; there is none unless this is set. */
  public final S setErrorCol(String column) {
    return with(errorCol, column);
  }

  @SuppressWarnings("unchecked") // S is the class of this
  final <T> S with(Param<T> param, T value) {
    set(param, value);
    return (S) this;
  }

  @Override
  public final S copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** The rows in the order in which they finish, with the new columns. */
  @Override
  public final Dataset<Row> transform(Dataset<?> rows) {
    transformSchema(rows.schema(), true);
    Strata strata = Strata.on(rows.sparkSession()).textColumn(required(inputCol));
    if (isSet(model)) {
      strata = strata.model(getOrDefault(model));
    }
    strata = strata.answersInto(required(outputCol), isSet(errorCol) ? required(errorCol) : null);
    return ask(strata, rows.toDF());
  }

  /** Asks with the params of its own. */
  abstract Dataset<Row> ask(Strata strata, Dataset<Row> rows);

  /** The new column, of the name given. */
  abstract StructType withAnswer(StructType schema, String name);

  @Override
  public final StructType transformSchema(StructType schema) {
    String text = required(inputCol);
    require(hasColumn(schema, text), inputCol, "the input has no column '" + text + "'");
    boolean isText = schema.apply(text).dataType() instanceof StringType;
    require(isText, inputCol, "column '" + text + "' is no text");
    StructType added = withAnswer(free(schema, outputCol), required(outputCol));
    return isSet(errorCol)
        ? free(added, errorCol).add(required(errorCol), DataTypes.StringType)
        : added;
  }

  private StructType free(StructType schema, Param<String> column) {
    String name = required(column);
    require(!hasColumn(schema, name), column, "the column '" + name + "' is there already");
    return schema;
  }

  private static boolean hasColumn(StructType schema, String name) {
    return schema.getFieldIndex(name).isDefined();
  }

  private String required(Param<String> param) {
    require(isSet(param), param, "it is not set");
    return getOrDefault(param);
  }

  private void require(boolean condition, Param<?> param, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException("%s: %s: %s".formatted(uid, param.name(), otherwise));
    }
  }
}
