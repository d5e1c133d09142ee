package dev.strata.udfs.spark;

import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.text.TaskPrompts;
import java.util.List;

/** Prompts of the tasks that have a command of their own, as a configuration's keys make them. */
public final class Prompts {

  private Prompts() {}

  /** One line for each text. */
  public static PromptOptions summarize(StrataConf conf) {
    return of(TaskPrompts.summarize(conf.get(StrataKeys.TEXT_COLUMN)), conf);
  }

  /**
   * Each text in another language.
   *
   * @throws StrataException if no language is named
   */
  public static PromptOptions translate(StrataConf conf) {
    String language = conf.require(StrataKeys.TO_LANGUAGE);
    return of(TaskPrompts.translate(language, conf.get(StrataKeys.TEXT_COLUMN)), conf);
  }

  /** Which label fits each text, unless a prompt or conversations say what is asked. */
  static PromptOptions classify(StrataConf conf, List<String> labels) {
    if (conf.get(StrataKeys.PROMPT) != null || conf.get(StrataKeys.MESSAGES_COLUMN) != null) {
      return conf.promptOptions();
    }
    String template = conf.get(StrataKeys.SQL_PROMPT_CLASSIFY);
    return of(TaskPrompts.classify(template, labels, conf.get(StrataKeys.TEXT_COLUMN)), conf);
  }

  /** Each text itself. */
  static PromptOptions bare(StrataConf conf) {
    String column = conf.get(StrataKeys.TEXT_COLUMN);
    return new PromptOptions(TaskPrompts.placeholder(column), null, null, column, null, null, null);
  }

  private static PromptOptions of(String template, StrataConf conf) {
    return new PromptOptions(template, conf.get(StrataKeys.SYSTEM), null);
  }
}
