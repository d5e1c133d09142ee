package dev.strata.udfs.sql;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.text.PromptTemplate;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.List;
import java.util.TreeMap;

/**
 * The templates of a session.
 *
 * @param templates by the names of their keys
 * @param system the session's system message; null for none
 * @param arguments what models' chat templates are given besides
 */
record SessionPrompts(TreeMap<String, String> templates, String system, TemplateArguments arguments)
    implements Serializable {

  private static final List<ConfKey<String>> KEYS =
      List.of(
          StrataKeys.SQL_PROMPT_SUMMARIZE,
          StrataKeys.SQL_PROMPT_SUMMARIZE_UNLIMITED,
          StrataKeys.SQL_PROMPT_TRANSLATE,
          StrataKeys.SQL_PROMPT_FIX_GRAMMAR,
          StrataKeys.SQL_PROMPT_MASK,
          StrataKeys.SQL_PROMPT_EXTRACT,
          StrataKeys.SQL_PROMPT_CLASSIFY,
          StrataKeys.SQL_PROMPT_CLASSIFY_LABEL,
          StrataKeys.SQL_PROMPT_SENTIMENT,
          StrataKeys.SQL_PROMPT_FILTER,
          StrataKeys.SQL_PROMPT_RETURN_TYPE,
          StrataKeys.SQL_PROMPT_AGG,
          StrataKeys.SQL_PROMPT_AGG_PART,
          StrataKeys.SQL_PROMPT_AGG_NOTES);

  static SessionPrompts of(StrataConf conf) {
    TreeMap<String, String> templates = new TreeMap<>();
    KEYS.forEach(key -> templates.put(key.name(), conf.get(key)));
    return new SessionPrompts(
        templates,
        conf.get(StrataKeys.SYSTEM),
        TemplateArguments.ofRun(
            conf.get(StrataKeys.CHAT_TEMPLATE_NAME), conf.get(StrataKeys.CHAT_TEMPLATE_KWARGS)));
  }

  /** The same templates, each after instructions and an empty line; empty for none. */
  SessionPrompts after(String instructions) {
    if (instructions.isEmpty()) {
      return this;
    }
    TreeMap<String, String> all = new TreeMap<>(templates);
    all.replaceAll((key, template) -> PromptTemplate.escape(instructions) + "\n\n" + template);
    return new SessionPrompts(all, system, arguments);
  }

  /** A function's prompt; for the arguments see {@link FunctionPrompt#of}. */
  FunctionPrompt prompt(ConfKey<String> key, String own, List<String> names) {
    return FunctionPrompt.of(templates.get(key.name()), system, own, names, arguments);
  }

  /** A prompt that is the argument itself. */
  FunctionPrompt bare(String own) {
    return FunctionPrompt.of("{{" + own + "}}", system, own, List.of(own), arguments);
  }
}
