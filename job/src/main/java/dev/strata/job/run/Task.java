package dev.strata.job.run;

import dev.strata.job.dataset.BatchInput;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Prompts;
import dev.strata.udfs.spark.Readouts;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What a run asks of the model for each row. */
public enum Task {
  /** Whatever the prompt says. */
  GENERATE("Completes a prompt, or answers a conversation, for each row."),
  /** One line for each text. */
  SUMMARIZE("Summarizes each row's text in one line."),
  /** Each text in another language. */
  TRANSLATE("Translates each row's text."),
  /** How likely each text is. */
  SCORE(
      "Says how likely each row's text is to the model, by itself or behind a prompt: the"
          + " log-likelihood and perplexity of its tokens, nothing generated."),
  /** A vector of each text. */
  EMBED("Gives each row's text a vector, made of the model's last hidden states.");

  private static final List<ConfKey<?>> OWN_PROMPT =
      List.of(StrataKeys.PROMPT, StrataKeys.MESSAGES_COLUMN);

  private static final List<ConfKey<?>> OF_CHATS =
      List.of(
          StrataKeys.SYSTEM,
          StrataKeys.CHAT_TEMPLATE_NAME,
          StrataKeys.CHAT_TEMPLATE_KWARGS,
          StrataKeys.ROW_OPTIONS);

  private static final List<ConfKey<?>> OF_NEW_TOKENS =
      List.of(
          StrataKeys.MAX_NEW_TOKENS,
          StrataKeys.MIN_NEW_TOKENS,
          StrataKeys.TEMPERATURE,
          StrataKeys.TOP_K,
          StrataKeys.TOP_P,
          StrataKeys.MIN_P,
          StrataKeys.REPETITION_PENALTY,
          StrataKeys.NO_REPEAT_NGRAM_SIZE,
          StrataKeys.STOP,
          StrataKeys.IGNORE_STOP_TOKENS,
          StrataKeys.SEED);

  private static final List<ConfKey<?>> OF_SCORES =
      List.of(StrataKeys.SCORE_TOKENS, StrataKeys.SCORE_WINDOW, StrataKeys.SCORE_STRIDE);

  private static final List<ConfKey<?>> OF_VECTORS =
      List.of(StrataKeys.EMBED_POOLING, StrataKeys.EMBED_NORMALIZE);

  private final String description;

  Task(String description) {
    this.description = description;
  }

  /** The command's name. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** One sentence for help. */
  public String description() {
    return description;
  }

  /** The keys that mean something for the task. */
  public List<ConfKey<?>> keys() {
    Stream<ConfKey<?>> keys = StrataKeys.all().stream();
    return keys.filter(
            key -> !foreign().contains(key) && !unused().contains(key) && !StrataKeys.isOfSql(key))
        .toList();
  }

  /** Keys that would have to mean something, and cannot. */
  private List<ConfKey<?>> foreign() {
    return switch (this) {
      case GENERATE, SCORE -> List.of(StrataKeys.TO_LANGUAGE);
      case SUMMARIZE, EMBED ->
          List.of(StrataKeys.PROMPT, StrataKeys.MESSAGES_COLUMN, StrataKeys.TO_LANGUAGE);
      case TRANSLATE -> OWN_PROMPT;
    };
  }

  /** Keys that change nothing, so that a session may have them for its other tasks. */
  private List<ConfKey<?>> unused() {
    return switch (this) {
      case GENERATE, SUMMARIZE, TRANSLATE -> both(OF_SCORES, OF_VECTORS);
      case SCORE -> both(OF_NEW_TOKENS, OF_VECTORS);
      case EMBED -> both(OF_NEW_TOKENS, both(OF_SCORES, OF_CHATS));
    };
  }

  private static List<ConfKey<?>> both(List<ConfKey<?>> a, List<ConfKey<?>> b) {
    return Stream.concat(a.stream(), b.stream()).toList();
  }

  /**
   * All that tasks need to know of a run.
   *
   * @throws StrataException if the configuration has keys that the task has no use for
   */
  GenerationOptions options(StrataConf conf) {
    PromptOptions prompt = prompt(conf);
    return conf.generationOptions(prompt).reading(readout(conf));
  }

  private Readout readout(StrataConf conf) {
    return switch (this) {
      case GENERATE, SUMMARIZE, TRANSLATE -> null;
      case SCORE -> Readouts.score(conf);
      case EMBED -> Readouts.embed(conf);
    };
  }

  /**
   * The prompt of each row.
   *
   * @throws StrataException if the configuration has keys that the task has no use for
   */
  private PromptOptions prompt(StrataConf conf) {
    for (ConfKey<?> key : foreign()) {
      if (conf.find(key).isPresent()) {
        throw StrataException.usage(
            "%s has no use for %s (%s); unset it, or see strata generate",
            word(), key.option(), key.name());
      }
    }
    if (BatchInput.isNamedBy(conf)) {
      return batchPrompt();
    }
    return switch (this) {
      case GENERATE -> conf.promptOptions();
      case SUMMARIZE -> Prompts.summarize(conf);
      case TRANSLATE -> Prompts.translate(conf);
      case SCORE -> Prompts.score(conf);
      case EMBED -> Prompts.bare(conf);
    };
  }

  private PromptOptions batchPrompt() {
    if (this != GENERATE) {
      throw StrataException.usage(
          "a batch of requests says itself what to do; use strata generate, not strata %s", word());
    }
    return BatchInput.prompt();
  }
}
