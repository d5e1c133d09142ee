package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import java.util.List;

/**
 * What one row asks: a conversation, or a text that the model continues as it is.
 *
 * @param conversation null where there is a plain text
 * @param plain null where there is a conversation
 */
record RowPrompt(List<Message> conversation, String plain) {

  static RowPrompt conversation(List<Message> conversation) {
    return new RowPrompt(conversation, null);
  }

  static RowPrompt plain(String text) {
    return new RowPrompt(null, text);
  }

  RenderedPrompt rendered(ModelText text) {
    return plain != null ? text.plainPrompt(plain) : text.prompt(conversation);
  }

  int[] encode(ModelText text) {
    return text.encode(rendered(text));
  }

  /** All of it, for an id. */
  List<Message> messages() {
    return plain != null ? List.of(new Message("", plain)) : conversation;
  }
}
