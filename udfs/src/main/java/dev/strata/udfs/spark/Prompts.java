package dev.strata.udfs.spark;

import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.text.TaskPrompts;

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

  private static PromptOptions of(String template, StrataConf conf) {
    return new PromptOptions(template, conf.get(StrataKeys.SYSTEM), null);
  }
}
