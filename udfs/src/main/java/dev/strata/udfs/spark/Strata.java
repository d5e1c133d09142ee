package dev.strata.udfs.spark;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A language model over data frames, in a session that runs already:
 *
 * <pre>{@code
 * Dataset<Row> summaries =
 *     Strata.on(spark).model("/models/Qwen3-8B").textColumn("body").summarize(articles);
 * }</pre>
 *
 * <p>What is not said here is as the session's {@code spark.strata.*} keys have it. Each method is
 * named as its key; {@link #set} has all of them. Nothing runs before an action does. An instance
 * never changes: what sets something returns another.
 *
 * <p>The rows that come out are the input's, in the order in which they finish, each with {@code
 * completion}, {@code finish_reason}, {@code prompt_tokens}, {@code completion_tokens} and {@code
 * error}. A row that fails has an error; all else is a {@link StrataException}. The rows of a
 * partition share the streaming of the model, so partitions should be few and big.
 */
public final class Strata {

  private final SparkSession session;
  private final StrataConf keys; // null for the session's, whatever they are when rows are given
  private final Map<String, String> own;
  private final EngineStats counts; // null for one that nobody sees
  private final AnswerNames names; // null for all columns under their own
  private final RunJournal journal; // null for none

  private Strata(
      SparkSession session,
      StrataConf keys,
      Map<String, String> own,
      EngineStats counts,
      AnswerNames names,
      RunJournal journal) {
    this.session = session;
    this.keys = keys;
    this.own = own;
    this.counts = counts;
    this.names = names;
    this.journal = journal;
  }

  /** With the keys of a session. */
  public static Strata on(SparkSession session) {
    return new Strata(session, null, Map.of(), null, null, null);
  }

  /** With these keys, whatever the session has. */
  public static Strata on(SparkSession session, StrataConf keys) {
    return new Strata(session, keys, Map.of(), null, null, null);
  }

  /**
   * Sets a key.
   *
   * @param name the key's, such as {@code spark.strata.text.column}, {@code text.column} or {@code
   *     textColumn}
   * @throws StrataException if there is none of that name
   */
  public Strata set(String name, Object value) {
    Optional<ConfKey<?>> key =
        StrataKeys.all().stream().filter(k -> names(k).contains(name)).findFirst();
    if (key.isEmpty()) {
      List<String> all = StrataKeys.all().stream().map(Strata::methodName).toList();
      throw StrataException.usage("there is no key '%s'%s", name, Nearest.hint(name, all));
    }
    return with(key.get(), value);
  }

  private Strata with(ConfKey<?> key, Object value) {
    Map<String, String> all = new HashMap<>(own);
    all.put(key.name(), String.valueOf(value));
    return new Strata(session, keys, Map.copyOf(all), counts, names, journal);
  }

  private static List<String> names(ConfKey<?> key) {
    return List.of(key.name(), leaf(key), methodName(key));
  }

  private static String leaf(ConfKey<?> key) {
    return key.name().substring("spark.strata.".length());
  }

  /** A key's name as a method has it: {@code textColumn} for {@code text.column}. */
  static String methodName(ConfKey<?> key) {
    String[] words = leaf(key).split("\\.");
    StringBuilder name = new StringBuilder(words[0]);
    for (String word : Arrays.asList(words).subList(1, words.length)) {
      name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return name.toString();
  }

  /** The checkpoint's directory, or a URI. */
  public Strata model(String directory) {
    return with(StrataKeys.MODEL, directory);
  }

  /** The user message, with {@code {{column}}} where a column's value belongs. */
  public Strata prompt(String template) {
    return with(StrataKeys.PROMPT, template);
  }

  /** The system message, which may hold {@code {{column}}} as well. */
  public Strata system(String template) {
    return with(StrataKeys.SYSTEM, template);
  }

  /** The column with a row's text. */
  public Strata textColumn(String column) {
    return with(StrataKeys.TEXT_COLUMN, column);
  }

  /** A column with whole conversations instead of a prompt. */
  public Strata messagesColumn(String column) {
    return with(StrataKeys.MESSAGES_COLUMN, column);
  }

  /** The column that names a row. */
  public Strata idColumn(String column) {
    return with(StrataKeys.ID_COLUMN, column);
  }

  /** The language to translate to, by name or code. */
  public Strata toLanguage(String language) {
    return with(StrataKeys.TO_LANGUAGE, language);
  }

  /** The most tokens that a row gets. */
  public Strata maxNewTokens(int tokens) {
    return with(StrataKeys.MAX_NEW_TOKENS, tokens);
  }

  /** 0 takes the most likely token, larger values choose more freely. */
  public Strata temperature(double temperature) {
    return with(StrataKeys.TEMPERATURE, temperature);
  }

  /** Choose among so many of the most likely tokens. */
  public Strata topK(int tokens) {
    return with(StrataKeys.TOP_K, tokens);
  }

  /** Choose among the most likely tokens with this probability in all. */
  public Strata topP(double probability) {
    return with(StrataKeys.TOP_P, probability);
  }

  /** What random numbers come from, with a row's id. */
  public Strata seed(long seed) {
    return with(StrataKeys.SEED, seed);
  }

  /** Whether equal prompts of a partition are asked once. */
  public Strata dedupe(boolean dedupe) {
    return with(StrataKeys.DEDUPE, dedupe);
  }

  /** Into how many partitions rows are dealt first; as they are if this is not set. */
  public Strata partitions(int partitions) {
    return with(StrataKeys.PARTITIONS, partitions);
  }

  /** Counts what is done where the caller can see it. */
  public Strata counting(EngineStats counts) {
    return new Strata(session, keys, own, counts, names, journal);
  }

  /**
   * Keeps what rows produce in a run's journal, and continues with what is in it; rows are dealt to
   * partitions by their ids, or else by what they ask.
   *
   * @param journal null for none
   */
  public Strata journaled(RunJournal journal) {
    return new Strata(session, keys, own, counts, names, journal);
  }

  /**
   * Names the column of answers, which else is {@code completion}, {@code label}, {@code
   * log_likelihood} or {@code embedding}, and leaves out the others.
   *
   * @param error the column that says why a row failed; null for none
   */
  public Strata answersInto(String column, String error) {
    return new Strata(session, keys, own, counts, new AnswerNames(column, error), journal);
  }

  /**
   * Completes the prompt of each row, or answers its conversation.
   *
   * @throws StrataException if a key makes no sense or names a column that is not there
   */
  public Dataset<Row> generate(Dataset<Row> rows) {
    return ask(rows, StrataConf::promptOptions);
  }

  /**
   * Summarizes the text of each row in one line.
   *
   * @throws StrataException as for {@link #generate}
   */
  public Dataset<Row> summarize(Dataset<Row> rows) {
    return ask(rows, Prompts::summarize);
  }

  /**
   * Translates the text of each row to {@link #toLanguage}.
   *
   * @throws StrataException as for {@link #generate}, or if no language is named
   */
  public Dataset<Row> translate(Dataset<Row> rows) {
    return ask(rows, Prompts::translate);
  }

  /**
   * Asks each row's prompt.
   *
   * @param prompt how the keys make it of a row's columns
   * @throws StrataException as for {@link #generate}
   */
  public Dataset<Row> ask(Dataset<Row> rows, Function<StrataConf, PromptOptions> prompt) {
    return ask(rows, prompt, null);
  }

  /**
   * Chooses the label that fits the text of each row best: the one that is the likeliest answer to
   * the prompt of {@code spark.strata.sql.prompt.classify}, or to {@link #prompt}. The rows have
   * {@code label}, {@code probabilities} (a map with the share of each label) and {@code error}.
   *
   * @throws StrataException as for {@link #generate}, or if the labels are no names, all different,
   *     or too many
   */
  public Dataset<Row> classify(Dataset<Row> rows, List<String> choices) {
    LabelNames.check("classify", choices);
    List<String> all = List.copyOf(choices);
    return ask(rows, conf -> Prompts.classify(conf, all), Readout.choose(all));
  }

  /**
   * Says how likely the text of each row is to the model, after {@link #prompt} or the conversation
   * of {@link #messagesColumn} if one is given: the rows have {@code log_likelihood}, the sum over
   * the text's tokens, each after those before it, {@code tokens}, how many those are, {@code
   * perplexity}, {@code is_greedy}, whether each is the likeliest at its place, and {@code error};
   * with {@code spark.strata.score.tokens} also {@code token_log_probs}.
   *
   * @throws StrataException as for {@link #generate}, or if windows would leave tokens out
   */
  public Dataset<Row> score(Dataset<Row> rows) {
    return ask(rows, Prompts::score, Readouts.score(conf()));
  }

  /**
   * Gives the text of each row a vector, the mean of its last hidden states or the last of them by
   * {@code spark.strata.embed.pooling}, of length one unless {@code spark.strata.embed.normalize}
   * is false: the rows have {@code embedding}, {@code prompt_tokens} and {@code error}. It is as
   * good an embedding as the model makes it, and most are not made for that.
   *
   * @throws StrataException as for {@link #generate}
   */
  public Dataset<Row> embed(Dataset<Row> rows) {
    return ask(rows, Prompts::bare, Readouts.embed(conf()));
  }

  /**
   * The same with something read of the prompt.
   *
   * @param readout what that is; null where new tokens are wanted
   */
  public Dataset<Row> ask(
      Dataset<Row> rows, Function<StrataConf, PromptOptions> prompt, Readout readout) {
    StrataConf conf = conf();
    GenerationOptions options = conf.generationOptions(prompt.apply(conf)).reading(readout);
    AnswerColumns answers = AnswerColumns.of(readout);
    Optional<Integer> partitions = conf.find(StrataKeys.PARTITIONS);
    JournaledDeal deal =
        journal == null
            ? null
            : new JournaledDeal(journal, partitions.orElseGet(() -> rows.rdd().getNumPartitions()));
    Dataset<Row> dealt = deal == null ? partitions.map(rows::repartition).orElse(rows) : rows;
    return Generation.apply(
        dealt,
        Generation.columns(rows, conf, options),
        options,
        names == null ? answers : new AnswerColumns.Alone(answers, names),
        counts == null ? EngineStats.register(session) : counts,
        deal,
        conf.get(StrataKeys.MAX_ERROR_RATE));
  }

  private StrataConf conf() {
    StrataConf base =
        keys == null ? StrataConf.of(CollectionConverters.asJava(session.conf().getAll())) : keys;
    return base.with(own);
  }
}
