package dev.strata.udfs.spark;

import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.text.TaskPrompts;

/** Prompts of the tasks that have a command of their own. */
public final class Prompts {

  private Prompts() {}

  /** One line for each text. */
  public static PromptOptions summarize(String textColumn, String system) {
    return new PromptOptions(TaskPrompts.summarize(textColumn), system, null);
  }

  /** Each text in another language. */
  public static PromptOptions translate(String textColumn, String language, String system) {
    return new PromptOptions(TaskPrompts.translate(language, textColumn), system, null);
  }
}
