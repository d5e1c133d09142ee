package dev.strata.job.run;

import dev.strata.job.dataset.BatchInput;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Prompts;
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
  TRANSLATE("Translates each row's text.");

  private static final List<ConfKey<String>> OWN_PROMPT =
      List.of(StrataKeys.PROMPT, StrataKeys.MESSAGES_COLUMN);

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
    return keys.filter(key -> !foreign().contains(key) && !StrataKeys.isOfSql(key)).toList();
  }

  private List<ConfKey<String>> foreign() {
    return switch (this) {
      case GENERATE -> List.of(StrataKeys.TO_LANGUAGE);
      case SUMMARIZE ->
          List.of(StrataKeys.PROMPT, StrataKeys.MESSAGES_COLUMN, StrataKeys.TO_LANGUAGE);
      case TRANSLATE -> OWN_PROMPT;
    };
  }

  /**
   * All that tasks need to know of a run.
   *
   * @throws StrataException if the configuration has keys that the task has no use for
   */
  GenerationOptions options(StrataConf conf) {
    return conf.generationOptions(prompt(conf));
  }

  /**
   * The prompt of each row.
   *
   * @throws StrataException if the configuration has keys that the task has no use for
   */
  private PromptOptions prompt(StrataConf conf) {
    for (ConfKey<String> key : foreign()) {
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
