package dev.strata.udfs.ml;

import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Strata;
import java.util.List;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Writes a text for each row: the answer to {@code prompt}, or to the text itself where there is
 * none.
 *
 * <pre>{@code
 * new StrataGenerator().setModel("/models/Qwen3-8B").setInputCol("body").setOutputCol("summary")
 *     .setPrompt("Summarize the following text in one line.\n\n{{body}}").setMaxNewTokens(40)
 * }</pre>
 *
 * <p>From PySpark it goes by its Java name: {@code
 * spark._jvm.dev.strata.udfs.ml.StrataGenerator()}.
 */
public final class StrataGenerator extends ModelStage<StrataGenerator> {

  private static final long serialVersionUID = 1L;

  private final Param<String> prompt;
  private final Param<String> system;
  private final IntParam maxNewTokens;
  private final DoubleParam temperature;
  private final DoubleParam topP;
  private final IntParam topK;
  private final Param<String> seed;
  private final Param<String> idColumn;

  public StrataGenerator() {
    this(Identifiable$.MODULE$.randomUID("strataGenerator"));
  }

  /** A stage that pipelines know by this name. */
  public StrataGenerator(String uid) {
    super(uid);
    this.prompt = new Param<>(this, "prompt", StrataKeys.PROMPT.doc());
    this.system = new Param<>(this, "system", StrataKeys.SYSTEM.doc());
    this.maxNewTokens = new IntParam(this, "maxNewTokens", StrataKeys.MAX_NEW_TOKENS.doc());
    this.temperature = new DoubleParam(this, "temperature", StrataKeys.TEMPERATURE.doc());
    this.topP = new DoubleParam(this, "topP", StrataKeys.TOP_P.doc());
    this.topK = new IntParam(this, "topK", StrataKeys.TOP_K.doc());
    this.seed = new Param<>(this, "seed", StrataKeys.SEED.doc());
    this.idColumn = new Param<>(this, "idColumn", StrataKeys.ID_COLUMN.doc());
  }

  /** Reads what {@link #save} wrote. */
  public static MLReader<StrataGenerator> read() {
    return new DefaultParamsReadable<StrataGenerator>() {}.read();
  }

  /** Reads what {@link #save} wrote. */
  public static StrataGenerator load(String path) {
    return read().load(path);
  }

  public Param<String> prompt() {
    return prompt;
  }

  public Param<String> system() {
    return system;
  }

  public IntParam maxNewTokens() {
    return maxNewTokens;
  }

  public DoubleParam temperature() {
    return temperature;
  }

  public DoubleParam topP() {
    return topP;
  }

  public IntParam topK() {
    return topK;
  }

  public Param<String> seed() {
    return seed;
  }

  public Param<String> idColumn() {
    return idColumn;
  }

  /** The user message, with {@code {{column}}} where a column's value belongs. */
  public StrataGenerator setPrompt(String template) {
    return with(prompt, template);
  }

  /** The system message, which may hold {@code {{column}}} as well. */
  public StrataGenerator setSystem(String template) {
    return with(system, template);
  }

  /** The most tokens that a row gets. */
  public StrataGenerator setMaxNewTokens(int tokens) {
    set(maxNewTokens, tokens);
    return this;
  }

  /** 0 takes the most likely token, larger values choose more freely. */
  public StrataGenerator setTemperature(double value) {
    set(temperature, value);
    return this;
  }

  /** Choose among the most likely tokens with this probability in all. */
  public StrataGenerator setTopP(double probability) {
    set(topP, probability);
    return this;
  }

  /** Choose among so many of the most likely tokens. */
  public StrataGenerator setTopK(int tokens) {
    set(topK, tokens);
    return this;
  }

  /** What random numbers come from, with a row's id. */
  public StrataGenerator setSeed(long number) {
    return with(seed, String.valueOf(number));
  }

  /** The column that names a row. */
  public StrataGenerator setIdColumn(String column) {
    return with(idColumn, column);
  }

  @Override
  Dataset<Row> ask(Strata strata, Dataset<Row> rows) {
    Strata asking = strata;
    for (Param<?> key :
        List.of(prompt, system, maxNewTokens, temperature, topP, topK, seed, idColumn)) {
      asking = isSet(key) ? asking.set(key.name(), getOrDefault(key)) : asking;
    }
    return asking.generate(rows);
  }

  @Override
  StructType withAnswer(StructType schema, String name) {
    return schema.add(name, DataTypes.StringType);
  }
}
