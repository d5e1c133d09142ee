package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import dev.strata.udfs.text.TemplateArguments;
import java.util.List;

/**
 * What one row asks: a conversation, or a text that the model continues as it is.
 *
 * @param conversation null where there is a plain text
 * @param plain null where there is a conversation
 * @param arguments what the chat template is given besides a conversation
 */
record RowPrompt(List<Message> conversation, String plain, TemplateArguments arguments) {

  static RowPrompt conversation(List<Message> conversation, TemplateArguments arguments) {
    return new RowPrompt(conversation, null, arguments);
  }

  static RowPrompt plain(String text) {
    return new RowPrompt(null, text, TemplateArguments.NONE);
  }

  RenderedPrompt rendered(ModelText text) {
    return plain != null ? text.plainPrompt(plain) : text.prompt(conversation, arguments);
  }

  int[] encode(ModelText text) {
    return text.encode(rendered(text));
  }

  /** Adds all of it to a digest. */
  Sha256 digest(Sha256 digest) {
    messages().forEach(message -> digest.add(message.role()).add(message.content()));
    if (arguments.template() != null) {
      digest.add(arguments.template());
    }
    return arguments.names().isEmpty() ? digest : digest.add(TemplateArguments.NAME).add(arguments);
  }

  private List<Message> messages() {
    return plain != null ? List.of(new Message("", plain)) : conversation;
  }
}
