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
 * @param continuation what follows it and is scored; null for nothing
 * @param arguments what the chat template is given besides a conversation
 */
record RowPrompt(
    List<Message> conversation, String plain, String continuation, TemplateArguments arguments) {

  static RowPrompt conversation(List<Message> conversation, TemplateArguments arguments) {
    return new RowPrompt(conversation, null, null, arguments);
  }

  static RowPrompt plain(String text) {
    return new RowPrompt(null, text, null, TemplateArguments.NONE);
  }

  RowPrompt followedBy(String text) {
    return new RowPrompt(conversation, plain, text, arguments);
  }

  /** All of it. */
  RenderedPrompt rendered(ModelText text) {
    RenderedPrompt prompt = prompt(text);
    return continuation == null
        ? prompt
        : new RenderedPrompt(prompt.text() + continuation, prompt.addSpecialTokens());
  }

  /**
   * What is before the continuation, as evaluations of models have it: white space at its end is
   * the continuation's, since many tokens begin with theirs. Null where there is no continuation.
   */
  RenderedPrompt given(ModelText text) {
    if (continuation == null) {
      return null;
    }
    RenderedPrompt prompt = prompt(text);
    return new RenderedPrompt(prompt.text().stripTrailing(), prompt.addSpecialTokens());
  }

  private RenderedPrompt prompt(ModelText text) {
    return plain != null ? text.plainPrompt(plain) : text.prompt(conversation, arguments);
  }

  int[] encode(ModelText text) {
    return text.encode(rendered(text));
  }

  /** Adds all of it to a digest. */
  Sha256 digest(Sha256 digest) {
    messages().forEach(message -> digest.add(message.role()).add(message.content()));
    if (continuation != null) {
      digest.add("continuation").add(continuation);
    }
    if (arguments.template() != null) {
      digest.add(arguments.template());
    }
    return arguments.names().isEmpty() ? digest : digest.add(TemplateArguments.NAME).add(arguments);
  }

  private List<Message> messages() {
    return plain != null ? List.of(new Message("", plain)) : conversation;
  }
}
