package dev.strata.job.dataset;

import dev.strata.job.openai.BatchRequest;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.api.TokenBans;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Requests of OpenAI's batch format as rows. */
public final class BatchInput {

  /** The word of configurations for the format. */
  static final String FORMAT = "openai-batch";

  static final StructType SCHEMA =
      StructType.fromDDL(
          "custom_id STRING, line BIGINT, position BIGINT, endpoint STRING, model STRING,"
              + " messages ARRAY<STRUCT<role: STRING, content: STRING>>, prompt STRING,"
              + " max_new_tokens INT, repetition_penalty DOUBLE, temperature DOUBLE, top_k INT,"
              + " top_p DOUBLE, min_p DOUBLE, stop ARRAY<STRING>, seed BIGINT,"
              + " chat_template_kwargs STRING, min_new_tokens INT, min_length INT,"
              + " no_repeat_ngram_size INT, suppress_tokens ARRAY<INT>,"
              + " begin_suppress_tokens ARRAY<INT>, bad_words_ids ARRAY<ARRAY<INT>>,"
              + " bad_words ARRAY<STRING>,"
              + " stop_token_ids ARRAY<INT>, ignore_stop_tokens BOOLEAN,"
              + " refusal STRING, refusal_code STRING, refusal_parameter STRING");

  /** What a request says itself. */
  private static final List<ConfKey<?>> SAID_BY_REQUESTS =
      List.of(
          StrataKeys.PROMPT,
          StrataKeys.SYSTEM,
          StrataKeys.MESSAGES_COLUMN,
          StrataKeys.TEXT_COLUMN,
          StrataKeys.ID_COLUMN,
          StrataKeys.ROW_OPTIONS,
          StrataKeys.COLUMNS,
          StrataKeys.INPUT_OPTIONS,
          StrataKeys.OUTPUT_OPTIONS,
          StrataKeys.PARTITION_BY);

  private static final Map<String, String> COLUMN_KEYS =
      Map.of(
          StrataKeys.ID_COLUMN.name(), "custom_id",
          StrataKeys.ROW_OPTIONS.name(),
              "max_new_tokens,repetition_penalty,temperature,top_k,top_p,min_p,stop,seed,"
                  + "chat_template_kwargs,min_new_tokens,min_length,no_repeat_ngram_size,"
                  + "suppress_tokens,begin_suppress_tokens,bad_words_ids,bad_words,"
                  + "stop_token_ids,ignore_stop_tokens",
          StrataKeys.COLUMNS.name(),
              "custom_id,line,position,endpoint,model,refusal_code,refusal_parameter");

  private BatchInput() {}

  /** Whether a configuration asks for the format. */
  public static boolean isNamedBy(StrataConf conf) {
    return conf.get(StrataKeys.INPUT_FORMAT).equals(FORMAT);
  }

  /**
   * The settings that make a run read the columns of requests.
   *
   * @throws StrataException if one is set that a request says itself
   */
  public static Map<String, String> columnSettings(Map<String, String> settings) {
    for (ConfKey<?> key : SAID_BY_REQUESTS) {
      if (settings.containsKey(key.name())) {
        throw StrataException.usage(
            "%s (%s) means nothing to %s, whose requests say all of it; unset it",
            key.option(), key.name(), FORMAT);
      }
    }
    return COLUMN_KEYS;
  }

  /** Where the prompts of requests are. */
  public static PromptOptions prompt() {
    return new PromptOptions(null, null, "messages", "prompt", "refusal", null, null);
  }

  /** One task reads all files, so that it can tell a name that was there before. */
  static Input open(SparkSession session, String location) throws IOException {
    List<Path> files = DataFiles.at(session, location).flat();
    List<String> names = files.stream().map(Path::toString).toList();
    Dataset<Row> rows =
        session
            .createDataset(names, Encoders.STRING())
            .coalesce(1)
            .mapPartitions(
                new BatchReader(
                    new SerializableConfiguration(session.sparkContext().hadoopConfiguration())),
                Encoders.row(SCHEMA));
    return new Input(rows, DataFormat.JSON, files, null);
  }

  /**
   * A request as a row.
   *
   * @param line its place in its file, from 1
   * @param position its place in all files
   */
  static Row row(BatchRequest request, long line, long position) {
    SamplingOverrides sampling = request.sampling();
    TokenBans bans = sampling.bans();
    boolean isRefused = request.refusal() != null;
    return RowFactory.create(
        request.customId(),
        line,
        position,
        request.endpoint() == null ? null : request.endpoint().name(),
        request.model(),
        request.messages() == null
            ? null
            : array(
                request.messages().stream()
                    .map(message -> RowFactory.create(message.role(), message.content()))
                    .toList()),
        request.prompt(),
        sampling.maxNewTokens(),
        sampling.repetitionPenalty(),
        sampling.temperature(),
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        sampling.stopStrings() == null ? null : array(sampling.stopStrings()),
        request.seed(),
        request.templateArguments(),
        bans.minNewTokens(),
        bans.minLength(),
        bans.noRepeatNgramSize(),
        bans.suppressTokens() == null ? null : array(bans.suppressTokens()),
        bans.beginSuppressTokens() == null ? null : array(bans.beginSuppressTokens()),
        bans.badWordsIds() == null
            ? null
            : array(bans.badWordsIds().stream().map(BatchInput::array).toList()),
        bans.badWords() == null ? null : array(bans.badWords().texts()),
        sampling.stopTokenIds() == null ? null : array(sampling.stopTokenIds()),
        sampling.ignoreStopTokens(),
        isRefused ? request.refusal().message() : null,
        isRefused ? request.refusal().code() : null,
        isRefused ? request.refusal().parameter() : null);
  }

  /** As rows hold arrays, which they do from the start where Spark hands them on as they are. */
  private static Seq<?> array(List<?> elements) {
    return CollectionConverters.asScala(elements).toSeq();
  }
}
