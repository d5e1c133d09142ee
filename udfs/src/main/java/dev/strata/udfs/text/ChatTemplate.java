package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.jinja.RenderOptions;
import dev.strata.udfs.jinja.Template;
import dev.strata.udfs.jinja.TemplateException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One of a model's own chat templates, given the variables that Hugging Face transformers gives it
 * in {@code apply_chat_template(messages, add_generation_prompt=True)}: the conversation, no tools,
 * no documents, and the special tokens that the tokenizer has. A row's arguments lie over them.
 */
final class ChatTemplate {

  private final Template template;
  private final String source;
  private final Map<String, Object> variables;

  private ChatTemplate(Template template, String source, Map<String, Object> variables) {
    this.template = template;
    this.source = source;
    this.variables = variables;
  }

  /** Parses a template that was found in {@code origin}. */
  static ChatTemplate parse(String source, Map<String, Object> specialTokens, String origin) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put("add_generation_prompt", true);
    try {
      return new ChatTemplate(Template.parse(source), source, variables);
    } catch (TemplateException e) {
      throw new StrataException(
          StrataException.Fault.MODEL,
          origin + " has a chat template that cannot be read: " + e.getMessage(),
          e);
    }
  }

  /** As {@link PromptFormat#render}. */
  String render(List<Message> conversation, TemplateArguments arguments) {
    Map<String, Object> bound = new HashMap<>(variables);
    bound.putAll(arguments.values());
    bound.put("messages", conversation.stream().map(ChatTemplate::asMap).toList());
    try {
      return template.render(bound, RenderOptions.defaults());
    } catch (TemplateException e) {
      String what = e.raisedByTemplate() ? "refuses" : "fails on";
      throw new RowException(
          "the chat template " + what + " the conversation: " + e.getMessage(), e);
    }
  }

  /** Whether a variable of this name may change what is written. */
  boolean mentions(String variable) {
    return source.contains(variable);
  }

  private static Map<String, Object> asMap(Message message) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    return map;
  }
}
