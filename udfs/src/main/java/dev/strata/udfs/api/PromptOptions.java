package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * How a row's columns become a conversation.
 *
 * @param template the user message with {@code {{column}}} placeholders; null where {@code
 *     messagesColumn} is set
 * @param system the system message, with placeholders as well; null for none
 * @param messagesColumn a column with the whole conversation, an array of (role, content); null for
 *     none
 * @param plainColumn a column with a text that the model continues as it is, without its chat
 *     template, in rows where it is not null; null for none
 * @param errorColumn a column that says why a row cannot be asked, null in the others; null for
 *     none
 * @param templateName which of the model's chat templates; null for the one that fits
 * @param templateArguments a JSON object of variables for the model's chat template; null for none
 */
public record PromptOptions(
    String template,
    String system,
    String messagesColumn,
    String plainColumn,
    String errorColumn,
    String templateName,
    String templateArguments)
    implements Serializable {

  public PromptOptions {
    if ((template == null) == (messagesColumn == null)) {
      throw StrataException.usage(
          "a prompt is made from a template or from a messages column: give exactly one of the"
              + " two");
    }
  }

  public PromptOptions(String template, String system, String messagesColumn) {
    this(template, system, messagesColumn, null, null, null, null);
  }

  /** The same prompts for an input that says in a column why a row cannot be asked. */
  public PromptOptions withErrorColumn(String column) {
    return new PromptOptions(
        template, system, messagesColumn, plainColumn, column, templateName, templateArguments);
  }

  /**
   * The same prompts for another chat template.
   *
   * @param name null for the one that fits
   * @param arguments variables for it, a JSON object; null for none
   */
  public PromptOptions withTemplate(String name, String arguments) {
    return new PromptOptions(
        template, system, messagesColumn, plainColumn, errorColumn, name, arguments);
  }
}
