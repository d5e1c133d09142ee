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
    if (isGiven(conf)) {
      return conf.promptOptions();
    }
    String template = conf.get(StrataKeys.SQL_PROMPT_CLASSIFY);
    return of(TaskPrompts.classify(template, labels, conf.get(StrataKeys.TEXT_COLUMN)), conf);
  }

  /** Whether a prompt or conversations say what is asked, and not the text column alone. */
  static boolean isGiven(StrataConf conf) {
    return conf.get(StrataKeys.PROMPT) != null || conf.get(StrataKeys.MESSAGES_COLUMN) != null;
  }

  /**
   * What each text follows, or else the text itself.
   *
   * @throws StrataException if there is a system message for a text or prompt that is no
   *     conversation
   */
  public static PromptOptions score(StrataConf conf) {
    if (conf.get(StrataKeys.SYSTEM) != null && conf.get(StrataKeys.MESSAGES_COLUMN) == null) {
      throw StrataException.usage(
          "%s (%s) belongs to a conversation, and what is scored follows a plain text: put it into"
              + " %s, or give %s",
          StrataKeys.SYSTEM.option(),
          StrataKeys.SYSTEM.name(),
          StrataKeys.PROMPT.option(),
          StrataKeys.MESSAGES_COLUMN.option());
    }
    return isGiven(conf) ? conf.promptOptions() : bare(conf);
  }

  /** Each text itself. */
  public static PromptOptions bare(StrataConf conf) {
    return new PromptOptions(TaskPrompts.placeholder(conf.get(StrataKeys.TEXT_COLUMN)), null, null);
  }

  private static PromptOptions of(String template, StrataConf conf) {
    return new PromptOptions(template, conf.get(StrataKeys.SYSTEM), null);
  }
}
