package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import java.util.List;

/** How a conversation is written down for a model. */
interface PromptFormat {

  /**
   * The text that the model continues.
   *
   * @param arguments what a template is given besides
   * @throws dev.strata.udfs.api.RowException if the conversation cannot be written down
   */
  String render(List<Message> conversation, TemplateArguments arguments);

  /**
   * Checks that there is a template for the arguments.
   *
   * @throws dev.strata.udfs.api.StrataException if there is none, or it cannot be read
   */
  void require(TemplateArguments arguments);

  /** Whether a variable of this name, which is among the arguments, may change what is written. */
  boolean mentions(String variable, TemplateArguments arguments);

  /** Whether the text spells the special tokens, so that the tokenizer adds none. */
  boolean spellsSpecialTokens();
}
