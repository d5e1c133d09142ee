package dev.strata.udfs.text;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A model's chat templates by their names, of which one is taken as Hugging Face transformers does:
 * the one that is asked for, {@code tool_use} where tools are given, {@code default}.
 */
final class ChatTemplates implements PromptFormat {

  static final String DEFAULT = "default";
  static final String TOOL_USE = "tool_use";

  private static final String TOOLS = "tools";
  private static final int SHOWN_CHARS = 60;

  private final Map<String, String> sources;
  private final Map<String, Object> specialTokens;
  private final String origin;
  private final Map<String, ChatTemplate> parsed = new ConcurrentHashMap<>();

  /**
   * Takes templates that are parsed when they are used, but for the default, which is at once.
   *
   * @param sources by their names, at least one
   * @param origin the checkpoint's directory, for messages
   * @throws StrataException if the default cannot be parsed
   */
  ChatTemplates(Map<String, String> sources, Map<String, Object> specialTokens, String origin) {
    this.sources = sources;
    this.specialTokens = specialTokens;
    this.origin = origin;
    if (sources.containsKey(DEFAULT)) {
      require(TemplateArguments.NONE);
    }
  }

  @Override
  public void require(TemplateArguments arguments) {
    ChatTemplate unused = template(arguments);
  }

  @Override
  public String render(List<Message> conversation, TemplateArguments arguments) {
    return template(arguments).render(conversation, arguments);
  }

  @Override
  public boolean mentions(String variable, TemplateArguments arguments) {
    return template(arguments).mentions(variable);
  }

  @Override
  public boolean spellsSpecialTokens() {
    return true;
  }

  private ChatTemplate template(TemplateArguments arguments) {
    return parsed.computeIfAbsent(
        name(arguments), name -> ChatTemplate.parse(sources.get(name), specialTokens, origin));
  }

  private String name(TemplateArguments arguments) {
    String chosen = arguments.template();
    if (chosen != null) {
      return known(chosen);
    }
    boolean usesTools = arguments.values().get(TOOLS) != null && sources.containsKey(TOOL_USE);
    if (!usesTools && !sources.containsKey(DEFAULT)) {
      throw StrataException.model(
          "%s has the chat templates %s, and none of them is named '%s'; choose one by %s",
          origin, sources.keySet(), DEFAULT, StrataKeys.CHAT_TEMPLATE_NAME.option());
    }
    return usesTools ? TOOL_USE : DEFAULT;
  }

  private String known(String name) {
    if (!sources.containsKey(name)) {
      throw StrataException.usage(
          "%s (%s) is '%s', which is no chat template of %s%s; those are %s",
          StrataKeys.CHAT_TEMPLATE_NAME.option(),
          StrataKeys.CHAT_TEMPLATE_NAME.name(),
          name.substring(0, Math.min(name.length(), SHOWN_CHARS)),
          origin,
          Nearest.hint(name, sources.keySet()),
          String.join(", ", sources.keySet()));
    }
    return name;
  }
}
