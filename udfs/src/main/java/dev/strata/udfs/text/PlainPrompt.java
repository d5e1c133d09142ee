package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The format of a model without a chat template, a base model: the system message if there is one,
 * a blank line, the user's message. The tokenizer adds its special tokens.
 */
final class PlainPrompt implements PromptFormat {

  @Override
  public String render(List<Message> conversation, TemplateArguments arguments) {
    if (!arguments.isEmpty()) {
      throw new RowException(
          "the model has no chat template, so %s %s cannot be given to it"
              .formatted(TemplateArguments.NAME, arguments.names()));
    }
    List<String> roles = conversation.stream().map(Message::role).toList();
    if (!roles.equals(List.of("user")) && !roles.equals(List.of("system", "user"))) {
      throw new RowException(
          "the model has no chat template: it takes a user message and a system message before it,"
              + " not messages of "
              + roles);
    }
    return conversation.stream().map(Message::content).collect(Collectors.joining("\n\n"));
  }

  @Override
  public boolean mentions(String variable) {
    return false;
  }

  @Override
  public boolean spellsSpecialTokens() {
    return false;
  }
}
