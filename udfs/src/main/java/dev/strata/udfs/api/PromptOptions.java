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
 */
public record PromptOptions(String template, String system, String messagesColumn)
    implements Serializable {

  public PromptOptions {
    if ((template == null) == (messagesColumn == null)) {
      throw StrataException.usage(
          "a prompt is made from a template or from a messages column: give exactly one of the two");
    }
  }
}
