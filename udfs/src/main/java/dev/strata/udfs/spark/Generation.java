package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.text.TemplateArguments;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Completions for the rows of a data set: the public entry of this room. */
public final class Generation {

  private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

  private Generation() {}

  /**
   * The input's rows, each with {@code completion}, {@code finish_reason}, {@code prompt_tokens},
   * {@code completion_tokens} and {@code error}, in the order in which they finish. Input columns
   * of these names are replaced. The rows of a partition share the streaming of the model, so
   * partitions should be few and big. Nothing runs before an action does.
   *
   * @throws StrataException if the options name columns that the input does not have
   */
  public static Dataset<Row> apply(
      Dataset<Row> input, GenerationOptions options, EngineStats stats) {
    return apply(input, Arrays.asList(input.columns()), options, stats);
  }

  /** As {@link #apply(Dataset, GenerationOptions, EngineStats)}, with some of the columns alone. */
  public static Dataset<Row> apply(
      Dataset<Row> input, List<String> columns, GenerationOptions options, EngineStats stats) {
    return apply(input, columns, options, AnswerColumns.of(options.readout()), stats, null, 1);
  }

  /**
   * The input's rows, each with what is asked of its prompt.
   *
   * @param answers what becomes of it
   * @param deal how rows are dealt to partitions whose tasks keep a journal; null for neither
   * @param maxErrorRate the part of the rows that may fail; 1 for all
   */
  static Dataset<Row> apply(
      Dataset<Row> input,
      List<String> columns,
      GenerationOptions options,
      AnswerColumns answers,
      EngineStats stats,
      JournaledDeal deal,
      double maxErrorRate) {
    StructType schema = input.schema();
    List<String> replaced = OutputRows.replaced(schema, answers);
    if (!replaced.isEmpty()) {
      LOG.warn("the output's columns replace the input's: {}", String.join(", ", replaced));
    }
    OutputRows output = OutputRows.of(schema, columns, answers);
    TextColumns texts = new TextColumns(schema);
    RowPrompts prompts = RowPrompts.of(options, texts);
    Dataset<Row> rows = texts.rows(input);
    Dataset<Row> dealt =
        deal == null ? rows : DealtRows.of(rows, deal.partitions(), new RowBucket(prompts));
    GenerationTask task =
        new GenerationTask(
            PartitionTask.of(options, stats, input.sparkSession())
                .journaled(
                    deal == null ? null : deal.journal(), deal == null ? 0 : deal.partitions()),
            prompts,
            output,
            allowed(dealt, maxErrorRate, stats));
    return asked(dealt, task, output.schema());
  }

  /**
   * A data frame's plan cannot say what a stage takes of Spark's resources; an RDD can, which a
   * stream has none of.
   */
  private static Dataset<Row> asked(Dataset<Row> rows, GenerationTask task, StructType schema) {
    SparkSession session = rows.sparkSession();
    if (rows.isStreaming() || StageResources.profile(session.sparkContext()).isEmpty()) {
      return rows.mapPartitions(task, Encoders.row(schema));
    }
    JavaRDD<Row> asked = new PlannedRows(rows).toJavaRDD().mapPartitions(task::call);
    return session.createDataFrame(StageResources.asking(asked), schema);
  }

  /** Counting partitions makes Spark plan, so it is done only where somebody wants to know. */
  private static ErrorLimit.Allowed allowed(Dataset<Row> rows, double rate, EngineStats stats) {
    int partitions = rate < 1 ? rows.rdd().getNumPartitions() : 0;
    return ErrorLimit.Allowed.of(
        rate, stats.id(), partitions, "rows", StrataKeys.MAX_ERROR_RATE.name());
  }

  /**
   * The input's columns that come out unless others are asked for: those that the key names, or all
   * but that of errors.
   */
  public static List<String> columns(
      Dataset<Row> input, StrataConf conf, GenerationOptions options) {
    String errors = options.prompt().errorColumn();
    return conf.find(StrataKeys.COLUMNS)
        .orElseGet(
            () -> Arrays.stream(input.columns()).filter(name -> !name.equals(errors)).toList());
  }

  /**
   * The columns of the rows that {@link #apply(Dataset, List, GenerationOptions, EngineStats)}
   * makes.
   *
   * @throws StrataException if one is not there
   */
  public static StructType schema(
      StructType input, List<String> columns, GenerationOptions options) {
    return OutputRows.of(input, columns, AnswerColumns.of(options.readout())).schema();
  }

  /**
   * Checks that rows have all that is asked of the model.
   *
   * @throws StrataException if a column is absent that a prompt or the options need
   */
  public static void requireColumns(StructType rows, GenerationOptions options) {
    RowPrompts.of(options, new TextColumns(rows));
  }

  /**
   * Opens the model as executors will, and closes it again, without reading weights.
   *
   * @throws StrataException if it cannot be used, or has no use for the options
   */
  public static void validateModel(GenerationOptions options) {
    PromptOptions prompt = options.prompt();
    ModelLocation.validate(
        options.engine().model(),
        TemplateArguments.ofRun(prompt.templateName(), prompt.templateArguments()));
  }
}
