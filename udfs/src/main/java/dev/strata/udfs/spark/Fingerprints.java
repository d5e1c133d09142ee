package dev.strata.udfs.spark;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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

  /** What an option's value is, in the order in which differences are told. */
  private static final Map<ConfKey<?>, Function<GenerationOptions, Object>> OPTIONS = values();

  private static final Set<ConfKey<?>> OF_PROMPT =
      Set.of(
          StrataKeys.CHAT_TEMPLATE_NAME, StrataKeys.CHAT_TEMPLATE_KWARGS, StrataKeys.ROW_OPTIONS);

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
                asked(options).hex(IDENTITY_DIGITS)));
  }

  private static Sha256 asked(GenerationOptions options) {
    Sha256 digest =
        new Sha256()
            .add(options.sampling())
            .add(options.rowOptions())
            .add(options.seed())
            .add(options.cutsPrompts())
            .add(options.engine().computeType())
            .add(options.engine().kvType());
    return options.readout() == null ? digest : digest.add(options.readout());
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
    return texts(OPTIONS, options);
  }

  /** Those of a run whose rows bring prompts of their own. */
  static Map<String, String> optionsWithoutPrompt(GenerationOptions options) {
    Map<ConfKey<?>, Function<GenerationOptions, Object>> own = new LinkedHashMap<>(OPTIONS);
    own.keySet().removeAll(OF_PROMPT);
    return texts(own, options);
  }

  /** The keys of {@link #options}. */
  public static Set<ConfKey<?>> keys() {
    return Collections.unmodifiableSet(OPTIONS.keySet());
  }

  private static Map<ConfKey<?>, Function<GenerationOptions, Object>> values() {
    Map<ConfKey<?>, Function<GenerationOptions, Object>> values = new LinkedHashMap<>();
    values.put(StrataKeys.MAX_NEW_TOKENS, options -> options.sampling().maxNewTokens());
    values.put(StrataKeys.REPETITION_PENALTY, options -> options.sampling().repetitionPenalty());
    values.put(StrataKeys.MIN_NEW_TOKENS, options -> options.sampling().bans().minNewTokens());
    values.put(
        StrataKeys.NO_REPEAT_NGRAM_SIZE, options -> options.sampling().bans().noRepeatNgramSize());
    values.put(StrataKeys.TEMPERATURE, options -> options.sampling().temperature());
    values.put(StrataKeys.TOP_K, options -> options.sampling().topK());
    values.put(StrataKeys.TOP_P, options -> options.sampling().topP());
    values.put(StrataKeys.MIN_P, options -> options.sampling().minP());
    values.put(StrataKeys.STOP, options -> options.sampling().stopStrings());
    values.put(StrataKeys.IGNORE_STOP_TOKENS, options -> options.sampling().ignoreStopTokens());
    values.put(StrataKeys.CHAT_TEMPLATE_NAME, options -> options.prompt().templateName());
    values.put(StrataKeys.CHAT_TEMPLATE_KWARGS, options -> options.prompt().templateArguments());
    values.put(StrataKeys.ROW_OPTIONS, GenerationOptions::rowOptions);
    values.put(StrataKeys.SEED, GenerationOptions::seed);
    values.put(StrataKeys.LONG_PROMPTS, options -> options.cutsPrompts() ? "truncate" : "error");
    values.put(StrataKeys.COMPUTE_TYPE, options -> options.engine().computeType());
    values.put(StrataKeys.KV_TYPE, options -> options.engine().kvType());
    return values;
  }

  private static Map<String, String> texts(
      Map<ConfKey<?>, Function<GenerationOptions, Object>> values, GenerationOptions options) {
    Map<String, String> texts = new LinkedHashMap<>();
    values.forEach(
        (key, value) -> {
          Object given = value.apply(options);
          texts.put(key.option(), given == null ? "the model's" : given.toString());
        });
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
            OutputRows.of(schema, columns, AnswerColumns.of(options.readout())),
            identity.toString());
    return texts.rows(rows).map(task, Encoders.row(schema.add(COLUMN, DataTypes.StringType)));
  }

  /** The columns of an output that a run adds to its input's, fingerprints last. */
  public static StructType addedColumns(GenerationOptions options) {
    return AnswerColumns.of(options.readout()).schema().add(COLUMN, DataTypes.StringType);
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
