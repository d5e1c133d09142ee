package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The format of a model without a chat template, a base model: the system message if there is one,
 * a blank line, the user's message. The tokenizer adds its special tokens.
 */
final class PlainPrompt implements PromptFormat {

  @Override
  public String render(List<Message> conversation, TemplateArguments arguments) {
    if (!arguments.names().isEmpty()) {
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
  public void require(TemplateArguments arguments) {
    if (arguments.template() != null) {
      throw StrataException.usage(
          "%s (%s) is '%s', and the model has no chat template; leave it out",
          StrataKeys.CHAT_TEMPLATE_NAME.option(),
          StrataKeys.CHAT_TEMPLATE_NAME.name(),
          arguments.template());
    }
  }

  @Override
  public boolean mentions(String variable, TemplateArguments arguments) {
    return false;
  }

  @Override
  public boolean spellsSpecialTokens() {
    return false;
  }
}
