package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import java.util.List;

/** How a conversation is written down for a model. */
interface PromptFormat {

  /**
   * The text that the model continues.
   *
   * @throws dev.strata.udfs.api.RowException if the conversation cannot be written down
   */
  String render(List<Message> conversation);

  /** Whether the text spells the special tokens, so that the tokenizer adds none. */
  boolean spellsSpecialTokens();
}
