package dev.strata.udfs.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** All {@code spark.strata.*} keys. */
public final class StrataKeys {

  /** What the names of keys begin with that are of use to SQL functions alone. */
  private static final String SQL = "sql.";

  private static final List<ConfKey<?>> KEYS = new ArrayList<>();

  public static final ConfKey<String> MODEL =
      key(
          "model",
          ConfType.NAME,
          null,
          "The checkpoint's directory, as Hugging Face lays it out: a path that each node has, or"
              + " a URI such as hdfs:// or s3a://.");
  public static final ConfKey<String> MODEL_STAGING =
      key(
          "model.staging",
          ConfType.oneOf("copy", "direct"),
          "copy",
          "A model that is not local is copied to each node once (copy), or read from where it is,"
              + " anew in each sweep (direct).");
  public static final ConfKey<String> MODEL_CACHE_DIR =
      key(
          "model.cacheDir",
          ConfType.NAME,
          null,
          "The local directory of copied models, one for all executors of a node; default:"
              + " strata-models in java.io.tmpdir, which on YARN each executor has for itself.");
  public static final ConfKey<Long> MODEL_CACHE_SIZE =
      key(
          "model.cacheSize",
          ConfType.BYTES,
          0L,
          "The most bytes of copied models on a node; those used longest ago go first, none in"
              + " use; 0 for no limit.");

  public static final ConfKey<String> INPUT =
      key(
          "input",
          ConfType.NAME,
          null,
          "Where the rows are read from: a file, a directory, a pattern, or a table's name.");
  public static final ConfKey<String> INPUT_FORMAT =
      key(
          "input.format",
          ConfType.oneOf("auto", "parquet", "orc", "json", "csv", "text", "table", "openai-batch"),
          "auto",
          "Form of the input: parquet, orc, json, csv, text (a row for each line, column text),"
              + " table or openai-batch; auto goes by the names of its files.");
  public static final ConfKey<Map<String, String>> INPUT_OPTIONS =
      key(
          "input.options",
          ConfType.OPTIONS,
          Map.of(),
          "Options of Spark's reader, such as delimiter=;,header=false.");
  public static final ConfKey<String> WHERE =
      key(
          "where",
          ConfType.NAME,
          null,
          "Only the input's rows for which this SQL condition holds.");
  public static final ConfKey<List<String>> COLUMNS =
      key(
          "columns",
          ConfType.NAMES,
          null,
          "The input's columns that come out, a prompt's columns not necessarily among them;"
              + " default: all.");
  public static final ConfKey<String> OUTPUT =
      key(
          "output",
          ConfType.NAME,
          null,
          "Where the rows with completions go: a directory, or a table's name.");
  public static final ConfKey<String> OUTPUT_FORMAT =
      key(
          "output.format",
          ConfType.oneOf("auto", "parquet", "orc", "json", "csv", "table", "openai-batch"),
          "auto",
          "Form of the output: parquet, orc, json, csv, table or openai-batch; auto goes by its"
              + " name, else by the input's form.");
  public static final ConfKey<Map<String, String>> OUTPUT_OPTIONS =
      key(
          "output.options",
          ConfType.OPTIONS,
          Map.of(),
          "Options of Spark's writer, such as compression=zstd; for a new table also"
              + " using=<provider>.");
  public static final ConfKey<String> MODE =
      key(
          "mode",
          ConfType.oneOf("error", "overwrite", "append", "ignore"),
          "error",
          "Where the output exists already: error refuses, overwrite replaces it once the new one"
              + " is complete, append adds the rows to it whose ids are not there (all without"
              + " spark.strata.id.column), ignore leaves it and does nothing.");
  public static final ConfKey<List<String>> PARTITION_BY =
      key(
          "partitionBy",
          ConfType.NAMES,
          List.of(),
          "Columns by whose values the output is laid out in directories.");

  public static final ConfKey<String> INCREMENTAL =
      key(
          "incremental",
          ConfType.oneOf("off", "changed", "all").alone("changed"),
          "off",
          "Take over the rows of the output that an earlier run left: changed runs rows that are"
              + " new, changed or failed, all runs all of them; either replaces the output at the"
              + " end.");
  public static final ConfKey<String> LOCK =
      key(
          "lock",
          ConfType.NAME,
          null,
          "A file that no two runs hold at once; an incremental run has one beside its output as"
              + " well.");

  public static final ConfKey<Boolean> FRESH =
      key(
          "fresh",
          ConfType.FLAG,
          false,
          "Start over: throw away what rows have produced in a run of this output that did not end"
              + " well, instead of continuing with it.");
  public static final ConfKey<Duration> JOURNAL_INTERVAL =
      key(
          "journal.interval",
          ConfType.TIME_OR_NEVER,
          Duration.ofSeconds(5),
          "How long what rows have produced may wait until it is written to the run's journal, from"
              + " which the same command continues after a failure; never keeps no journal.");
  public static final ConfKey<String> JOURNAL_DIR =
      key(
          "journal.dir",
          ConfType.NAME,
          null,
          "The directory of the run's journal, which all nodes can write; default: beside an output"
              + " of files, and none for a table. For SQL that of the journals of all runs, see"
              + " spark.strata.sql.run.key.");

  public static final ConfKey<String> TEXT_COLUMN =
      key("text.column", ConfType.NAME, "text", "The input column with a row's text.");
  public static final ConfKey<String> ID_COLUMN =
      key(
          "id.column",
          ConfType.NAME,
          null,
          "The input column that names a row; without it a row is known by its content.");
  public static final ConfKey<String> MESSAGES_COLUMN =
      key(
          "messages.column",
          ConfType.NAME,
          null,
          "An input column with whole conversations, an array of (role, content), instead of a"
              + " prompt.");
  public static final ConfKey<String> PROMPT =
      key(
          "prompt",
          ConfType.TEXT,
          null,
          "The user message, with {{column}} where a column's value belongs; default: the text"
              + " column. For scores the plain text that the text column follows.");
  public static final ConfKey<String> SYSTEM =
      key("system", ConfType.TEXT, null, "The system message, which may hold {{column}} as well.");
  public static final ConfKey<String> CHAT_TEMPLATE_NAME =
      key(
          "chat.template.name",
          ConfType.NAME,
          null,
          "Which of the model's chat templates, where it has several; default: tool_use for rows"
              + " with tools where there is one, else default.");
  public static final ConfKey<String> CHAT_TEMPLATE_KWARGS =
      key(
          "chat.template.kwargs",
          ConfType.NAME,
          null,
          "Variables for the model's chat template, a JSON object such as"
              + " {\"enable_thinking\": false}; a row's own chat_template_kwargs lie over them.");
  public static final ConfKey<String> TO_LANGUAGE =
      key(
          "toLanguage",
          ConfType.NAME,
          null,
          "The language to translate to, by name or code, such as French, fr or fr-FR.");

  public static final ConfKey<String> LONG_PROMPTS =
      key(
          "longPrompts",
          ConfType.oneOf("error", "truncate"),
          "error",
          "A prompt longer than the model's context: error is the row's error, truncate cuts the"
              + " ends of the row's own texts, the longest first, until the new tokens fit too.");

  public static final ConfKey<Boolean> SCORE_TOKENS =
      key(
          "score.tokens",
          ConfType.FLAG,
          false,
          "Scores also have the log-probability of each token, in the column token_log_probs.");
  public static final ConfKey<Integer> SCORE_WINDOW =
      key(
          "score.window",
          ConfType.atLeast(0),
          0,
          "Longer texts are scored in windows of so many tokens; 0 for the model's context, which"
              + " is also the most. Without this and spark.strata.score.stride a text longer than the"
              + " context is an error of its row.");
  public static final ConfKey<Integer> SCORE_STRIDE =
      key(
          "score.stride",
          ConfType.atLeast(0),
          0,
          "By how many tokens each window of a long text begins behind the one before, of which it"
              + " scores what that did not reach; 0 for a whole window, so that none has context from"
              + " another.");

  public static final ConfKey<String> EMBED_POOLING =
      key(
          "embed.pooling",
          ConfType.oneOf("mean", "last"),
          "mean",
          "What a text's vector is made of: the mean of its last hidden states, or the last"
              + " token's.");
  public static final ConfKey<Boolean> EMBED_NORMALIZE =
      key("embed.normalize", ConfType.FLAG, true, "Whether vectors are scaled to length one.");

  public static final ConfKey<Double> MAX_ERROR_RATE =
      key(
          "maxErrorRate",
          ConfType.number(true, 0, 1, "a number between 0 and 1"),
          1.0,
          "The run ends with an error, and writes no output, where more than this part of its rows"
              + " failed: judged at its end and, from 20 rows on, on the way; 1 for any number.");
  public static final ConfKey<Integer> PARTITIONS =
      key(
          "partitions",
          ConfType.atLeast(1),
          null,
          "Number of partitions; default: one for each GPU (a task has one of the executor's, see"
              + " spark.executor.resource.gpu.amount), or for each executor without GPUs.");
  public static final ConfKey<Integer> LIMIT =
      key("limit", ConfType.atLeast(1), null, "Only so many rows of the input.");

  public static final ConfKey<Integer> MAX_NEW_TOKENS =
      key(
          "maxNewTokens",
          ConfType.atLeast(1),
          null,
          "The most tokens a row gets; default: the model's generation_config.json, else 256.");
  public static final ConfKey<Integer> MIN_NEW_TOKENS =
      key(
          "minNewTokens",
          ConfType.atLeast(0),
          null,
          "No stop token before a row has so many tokens; default: the model's.");
  public static final ConfKey<Double> TEMPERATURE =
      key(
          "temperature",
          ConfType.number(true, 0, Double.MAX_VALUE, "a number of 0 or more"),
          null,
          "0 takes the most likely token, larger values choose more freely; default: the model's.");
  public static final ConfKey<Integer> TOP_K =
      key(
          "topK",
          ConfType.atLeast(0),
          null,
          "Choose among so many of the most likely tokens, 0 for all; default: the model's.");
  public static final ConfKey<Double> TOP_P =
      key(
          "topP",
          ConfType.number(false, 0, 1, "a number above 0 and at most 1"),
          null,
          "Choose among the most likely tokens with this probability in all; default: the"
              + " model's.");
  public static final ConfKey<Double> MIN_P =
      key(
          "minP",
          ConfType.number(true, 0, 1, "a number between 0 and 1"),
          null,
          "Leave out tokens less likely than this fraction of the likeliest; default: the"
              + " model's.");
  public static final ConfKey<Double> REPETITION_PENALTY =
      key(
          "repetitionPenalty",
          ConfType.number(false, 0, Double.MAX_VALUE, "a number above 0"),
          null,
          "Above 1 makes tokens that already occurred less likely; default: the model's.");
  public static final ConfKey<Integer> NO_REPEAT_NGRAM_SIZE =
      key(
          "noRepeatNgramSize",
          ConfType.atLeast(0),
          null,
          "No run of so many tokens occurs twice in prompt and completion, 0 for no limit; default:"
              + " the model's.");
  public static final ConfKey<List<String>> STOP =
      key(
          "stop",
          ConfType.TEXTS,
          null,
          "A text that ends a completion, or several as a JSON array such as [\"\\n\", \"END\"].");
  public static final ConfKey<Boolean> IGNORE_STOP_TOKENS =
      key(
          "ignoreStopTokens",
          ConfType.FLAG,
          null,
          "Generate on through the model's stop tokens, for measurements.");
  public static final ConfKey<Long> SEED =
      key("seed", ConfType.LONG, 0L, "A row's random numbers come from this seed and its id.");
  public static final ConfKey<List<String>> ROW_OPTIONS =
      key(
          "row.options",
          ConfType.NAMES,
          List.of(),
          "Input columns that override options row by row, such as max_new_tokens,temperature.");

  public static final ConfKey<Boolean> DEDUPE =
      key(
          "dedupe",
          ConfType.FLAG,
          true,
          "Equal prompts of a partition are asked once where that changes nothing: where the most"
              + " likely token is taken, or the seed is the same.");

  public static final ConfKey<String> DEVICE =
      key(
          "device",
          ConfType.oneOf("auto", "cpu", "cuda"),
          "auto",
          "Where the mathematics runs: auto, cpu or cuda.");
  public static final ConfKey<Long> DEVICE_MEMORY =
      key(
          "device.memory",
          ConfType.BYTES,
          4L << 30,
          "What an executor may hold on its device, the CUDA context included.");
  public static final ConfKey<Long> HOST_MEMORY =
      key(
          "host.memory",
          ConfType.BYTES,
          4L << 30,
          "What an executor may hold outside its heap for rings, hidden states, keys and values;"
              + " spark.executor.memoryOverhead is this and 2g for libraries unless it is set.");
  public static final ConfKey<Long> WEIGHTS_MEMORY =
      key(
          "weights.memory",
          ConfType.BYTES_OR_AUTO,
          -1L,
          "How much of the host memory weights may stay in once they are read, of experts those that"
              + " are chosen most: auto for what all else leaves, 0 to read them in each sweep.");
  public static final ConfKey<Integer> ROW_TOKENS =
      key(
          "row.tokens",
          ConfType.atLeast(0),
          0,
          "Tokens that a row is expected to have, prompt and completion together, for the memory"
              + " plan; 0 where that is unknown.");
  public static final ConfKey<String> COMPUTE_TYPE =
      key(
          "compute.type",
          ConfType.oneOf("auto", "float32", "bfloat16", "float16"),
          "auto",
          "The type of the mathematics: auto, float32, bfloat16 or float16.");
  public static final ConfKey<String> KV_TYPE =
      key(
          "kv.type",
          ConfType.oneOf("auto", "int8"),
          "auto",
          "How keys and values wait in host memory: auto for the type of the mathematics, int8 for"
              + " about half of bfloat16's bytes; only for GPUs.");
  public static final ConfKey<Long> TILE_SIZE =
      key("tile.size", ConfType.BYTES, 0L, "The most bytes of one tile; 0 lets the plan choose.");
  public static final ConfKey<String> IO =
      key(
          "io",
          ConfType.oneOf("auto", "cached", "direct"),
          "auto",
          "How tiles are read: cached, direct (past the page cache), or auto, which is direct where"
              + " the model is larger than the memory left for files.");
  public static final ConfKey<Integer> WAVE_SIZE =
      key(
          "wave.size",
          ConfType.atLeast(0),
          0,
          "The most sequences in one sweep; 0 lets the plan choose.");
  public static final ConfKey<Integer> MICROBATCH_TOKENS =
      key(
          "microbatch.tokens",
          ConfType.atLeast(0),
          0,
          "The most tokens whose activations are on the device at once; 0 lets the plan choose.");
  public static final ConfKey<Integer> THREADS =
      key(
          "threads",
          ConfType.atLeast(0),
          0,
          "Threads of the mathematics on a CPU; 0 for spark.executor.cores, or else all.");
  public static final ConfKey<Duration> IDLE_TIMEOUT =
      key(
          "idle.timeout",
          ConfType.TIME_OR_NEVER,
          Duration.ofMinutes(10),
          "How long an engine that no task uses is kept, with its memory, for the next query on the"
              + " same model; 0 closes it at once, never keeps it until another engine needs its"
              + " memory.");
  public static final ConfKey<Duration> STALL_TIMEOUT =
      key(
          "stall.timeout",
          ConfType.PATIENCE,
          Duration.ofMinutes(10),
          "How long an engine with rows may get nothing done, no tile read and no kernel ended,"
              + " before its state and all stacks go to the log and it fails; never lets it wait.");
  public static final ConfKey<Integer> READ_AHEAD_ROWS =
      key(
          "readAhead.rows",
          ConfType.atLeast(0),
          0,
          "The most unfinished rows a task holds; 0 for two waves' rows, and 4096 at least. A wave"
              + " is never larger than all tasks' together.");

  public static final ConfKey<String> PROGRESS =
      key(
          "progress",
          ConfType.oneOf("auto", "on", "off"),
          "auto",
          "The progress line: on rewrites it in place, auto does so on a terminal, off shows"
              + " none.");

  public static final ConfKey<String> REPORT =
      key(
          "report",
          ConfType.NAME,
          null,
          "A file for what the run did, as JSON: figures, errors, options without secrets, versions"
              + " and the memory plan; one that is there is replaced. A dry run writes none.");

  public static final ConfKey<String> REPORT_DIR =
      key(
          "report.dir",
          ConfType.NAME,
          null,
          "A directory that keeps the report of every run, as JSON and as a page to look at, each"
              + " under a name of its own; strata compare finds the newest there. A run is as good"
              + " where that fails.");

  public static final ConfKey<Boolean> DRY_RUN =
      key(
          "dryRun",
          ConfType.FLAG,
          false,
          "Say what the run would take (rows, tokens, sweeps, memory, time) and write nothing.");

  public static final ConfKey<Double> SQL_MAX_ERROR_RATIO =
      key(
          "sql.maxErrorRatio",
          ConfType.number(true, 0, 1, "a number between 0 and 1"),
          null,
          "A query with SQL functions ends with an error where more than this part of its calls"
              + " failed, those of all partitions, judged at its end and, from 20 calls on, on the"
              + " way; default: a failed call gives NULL, however many there are.");
  public static final ConfKey<String> SQL_RUN_KEY =
      key(
          SQL + "run.key",
          ConfType.NAME,
          null,
          "A name for what a session's statements do, such as nightly-2026-11-22: a statement that"
              + " writes what SQL functions answer and fails, or is killed, continues when it is run"
              + " again under the same name. Keeps a journal in spark.strata.journal.dir.");
  public static final ConfKey<String> SQL_PROMPT_SUMMARIZE =
      prompt(
          "summarize",
          "Summarize the following text in at most {{max_words}} words.\n\n{{content}}",
          "ai_summarize");
  public static final ConfKey<String> SQL_PROMPT_SUMMARIZE_UNLIMITED =
      prompt(
          "summarizeUnlimited",
          "Summarize the following text.\n\n{{content}}",
          "ai_summarize with max_words => 0");
  public static final ConfKey<String> SQL_PROMPT_TRANSLATE =
      prompt(
          "translate",
          "Translate the following text to {{to_lang}}.\n\n{{content}}",
          "ai_translate");
  public static final ConfKey<String> SQL_PROMPT_FIX_GRAMMAR =
      prompt(
          "fixGrammar",
          "Correct the grammar and spelling of the following text. Answer with the corrected text"
              + " alone.\n\n{{content}}",
          "ai_fix_grammar");
  public static final ConfKey<String> SQL_PROMPT_MASK =
      prompt(
          "mask",
          "Replace each of these in the following text by [MASKED]: {{labels}}. Answer with the"
              + " text alone, which is otherwise unchanged.\n\n{{content}}",
          "ai_mask");
  public static final ConfKey<String> SQL_PROMPT_EXTRACT =
      prompt(
          "extract",
          "What is the {{label}} in the following text? Answer with words of the text alone, or"
              + " with None if there is none.\n\n{{content}}",
          "ai_extract, asked for each label");
  public static final ConfKey<String> SQL_PROMPT_CLASSIFY =
      prompt(
          "classify",
          "Which of these labels fits the following text best: {{labels}}? Answer with the label"
              + " alone.\n\n{{content}}",
          "ai_classify");
  public static final ConfKey<String> SQL_PROMPT_CLASSIFY_LABEL =
      prompt(
          "classifyLabel",
          "Does the label {{label}} fit the following text? Answer with yes or no alone."
              + "\n\n{{content}}",
          "ai_classify with multilabel, asked for each label");
  public static final ConfKey<String> SQL_PROMPT_SENTIMENT =
      prompt(
          "sentiment",
          "Is the sentiment of the following text positive, negative, neutral or mixed? Answer with"
              + " one of these words alone.\n\n{{content}}",
          "ai_analyze_sentiment");
  public static final ConfKey<String> SQL_PROMPT_FILTER =
      prompt("filter", "{{prompt}}\n\nAnswer with yes or no alone.", "ai_filter");
  public static final ConfKey<String> SQL_PROMPT_RETURN_TYPE =
      prompt(
          "returnType",
          "{{request}}\n\nAnswer with a JSON value of the type {{return_type}} and nothing else.",
          "ai_query with a returnType other than STRING");

  public static final ConfKey<String> SQL_PROMPT_AGG =
      prompt("agg", "{{instruction}}\n\n{{content}}", "ai_agg where one holds all texts");
  public static final ConfKey<String> SQL_PROMPT_AGG_PART =
      prompt(
          "aggPart",
          "The following texts are some of many. Note briefly what they say that is of use for"
              + " this task: {{instruction}}\n\n{{content}}",
          "ai_agg about some of the texts, or of the notes on them, where one does not hold all");
  public static final ConfKey<String> SQL_PROMPT_AGG_NOTES =
      prompt(
          "aggNotes",
          "{{instruction}}\n\nThese are notes on the texts:\n\n{{content}}",
          "ai_agg about the notes on all texts");
  public static final ConfKey<Integer> SQL_AGG_TOKENS =
      key(
          SQL + "agg.tokens",
          ConfType.atLeast(1),
          4096,
          "The most tokens of texts in one prompt of ai_agg, as far as the model's context has room"
              + " for them.");

  private StrataKeys() {}

  /** Whether a key is of use to SQL functions alone, and so is no option of a command. */
  public static boolean isOfSql(ConfKey<?> key) {
    return key.name().startsWith(ConfKey.PREFIX + SQL);
  }

  /** The keys in the order in which help lists them. */
  public static List<ConfKey<?>> all() {
    return Collections.unmodifiableList(KEYS);
  }

  private static ConfKey<String> prompt(String leaf, String template, String use) {
    return key(
        SQL + "prompt." + leaf,
        ConfType.TEXT,
        template,
        "The prompt of " + use + "; {{name}} is" + " the argument of that name.");
  }

  private static <T> ConfKey<T> key(String leaf, ConfType<T> type, T otherwise, String doc) {
    ConfKey<T> key = new ConfKey<>(ConfKey.PREFIX + leaf, type, otherwise, doc);
    KEYS.add(key);
    return key;
  }
}
