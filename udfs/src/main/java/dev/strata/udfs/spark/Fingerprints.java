package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Tells whether a row has been done: a column with the digest of all that its completion depends
 * on. A fingerprint is the identity of the run, the digest of what the row asks and the digest of
 * the row's columns, such as {@code 1f0c9a3b-77d0e1c2-0b9d4e55-<32 digits>-<16 digits>}. A row
 * whose prompt cannot be made ends with {@code -unasked}: it would fail the same way again.
 */
public final class Fingerprints {

  /** The column's name. */
  public static final String COLUMN = "strata_fingerprint";

  static final String UNASKED = "-unasked";

  private static final int IDENTITY_DIGITS = 8;
  private static final int RUN_LENGTH = 3 * IDENTITY_DIGITS + 2;
  private static final int ASK_DIGITS = 32;

  private Fingerprints() {}

  /**
   * The identity of a run with these options. Opens the model and reads a little of each tensor.
   *
   * @throws StrataException if the model cannot be used
   */
  public static RunIdentity identity(GenerationOptions options) {
    return ofModel(
        options,
        checkpoint ->
            new RunIdentity(
                ModelIdentity.of(checkpoint, IDENTITY_DIGITS),
                new Sha256().add(options.prompt()).hex(IDENTITY_DIGITS),
                new Sha256()
                    .add(options.sampling())
                    .add(options.rowOptions())
                    .add(options.seed())
                    .add(options.cutsPrompts())
                    .add(options.engine().computeType())
                    .add(options.engine().kvType())
                    .hex(IDENTITY_DIGITS)));
  }

  /**
   * What the model's contents are, as a digest.
   *
   * @throws StrataException if the model cannot be used
   */
  static String model(GenerationOptions options) {
    return ofModel(options, checkpoint -> ModelIdentity.of(checkpoint, IDENTITY_DIGITS));
  }

  /**
   * What the model's files are, by their names in messages.
   *
   * @throws StrataException if the model cannot be used
   */
  static Map<String, String> modelFiles(GenerationOptions options) {
    return ofModel(options, checkpoint -> ModelIdentity.files(checkpoint, IDENTITY_DIGITS));
  }

  private interface Question<T> {
    T answer(Checkpoint checkpoint) throws IOException;
  }

  private static <T> T ofModel(GenerationOptions options, Question<T> question) {
    try (Checkpoint checkpoint = ModelLocation.open(options.engine().model())) {
      return question.answer(checkpoint);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.MODEL,
          "the model in %s cannot be read: %s".formatted(options.engine().model(), e.getMessage()),
          e);
    }
  }

  /** The options that the identity of a run holds the digest of, by their names. */
  public static Map<String, String> options(GenerationOptions options) {
    Map<String, Object> values = new LinkedHashMap<>(sampling(options.sampling()));
    values.put(StrataKeys.CHAT_TEMPLATE_NAME.option(), options.prompt().templateName());
    values.put(StrataKeys.CHAT_TEMPLATE_KWARGS.option(), options.prompt().templateArguments());
    values.put("--row-options", options.rowOptions());
    values.putAll(ofEngine(options));
    return texts(values);
  }

  /** Those of a run whose rows bring prompts of their own. */
  static Map<String, String> optionsWithoutPrompt(GenerationOptions options) {
    Map<String, Object> values = new LinkedHashMap<>(sampling(options.sampling()));
    values.putAll(ofEngine(options));
    return texts(values);
  }

  private static Map<String, Object> sampling(SamplingOverrides sampling) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("--max-new-tokens", sampling.maxNewTokens());
    values.put("--repetition-penalty", sampling.repetitionPenalty());
    values.put(StrataKeys.MIN_NEW_TOKENS.option(), sampling.bans().minNewTokens());
    values.put(StrataKeys.NO_REPEAT_NGRAM_SIZE.option(), sampling.bans().noRepeatNgramSize());
    values.put("--temperature", sampling.temperature());
    values.put("--top-k", sampling.topK());
    values.put("--top-p", sampling.topP());
    values.put("--min-p", sampling.minP());
    values.put("--stop", sampling.stopStrings());
    values.put("--ignore-stop-tokens", sampling.ignoreStopTokens());
    return values;
  }

  private static Map<String, Object> ofEngine(GenerationOptions options) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("--seed", options.seed());
    values.put("--long-prompts", options.cutsPrompts() ? "truncate" : "error");
    values.put("--compute-type", options.engine().computeType());
    values.put("--kv-type", options.engine().kvType());
    return values;
  }

  private static Map<String, String> texts(Map<String, Object> values) {
    Map<String, String> texts = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> texts.put(name, value == null ? "the model's" : value.toString()));
    return texts;
  }

  /**
   * The rows with their fingerprints in a last column, which replaces one of that name.
   *
   * @param columns the input's columns that come out
   * @throws StrataException if the options name columns that the input does not have
   */
  public static Dataset<Row> add(
      Dataset<Row> input, List<String> columns, GenerationOptions options, RunIdentity identity) {
    Dataset<Row> rows = input.drop(COLUMN);
    StructType schema = rows.schema();
    TextColumns texts = new TextColumns(schema);
    FingerprintTask task =
        new FingerprintTask(
            schema.length(),
            RowPrompts.of(options, texts),
            OutputRows.of(schema, columns, AnswerColumns.Completed.COMPLETION),
            identity.toString());
    return texts.rows(rows).map(task, Encoders.row(schema.add(COLUMN, DataTypes.StringType)));
  }

  /** The columns of an output that a run adds to its input's, fingerprints last. */
  public static StructType addedColumns() {
    return AnswerColumns.Completed.COMPLETION.schema().add(COLUMN, DataTypes.StringType);
  }

  /** What a fingerprint says of the run. */
  public static Column run(Column fingerprint) {
    return functions.substring(fingerprint, 1, RUN_LENGTH);
  }

  /** What a fingerprint says of the run and of what the row asks. */
  public static Column ask(Column fingerprint) {
    return functions.substring(fingerprint, 1, RUN_LENGTH + 1 + ASK_DIGITS);
  }

  /** Whether a row can be taken over: it has no error, or one that it would have again. */
  public static Column isDone(Column fingerprint, Column error) {
    return error.isNull().or(fingerprint.endsWith(UNASKED));
  }

  static String of(String run, Sha256 ask, Sha256 columns, boolean asked) {
    return String.join("-", run, ask.hex(ASK_DIGITS), columns.hex(ASK_DIGITS / 2))
        + (asked ? "" : UNASKED);
  }
}
