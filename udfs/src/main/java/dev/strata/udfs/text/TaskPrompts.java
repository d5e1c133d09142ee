package dev.strata.udfs.text;

import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The prompt templates of the tasks that need none from their user. */
public final class TaskPrompts {

  private TaskPrompts() {}

  /** Asks for a summary of a column in one line. */
  public static String summarize(String column) {
    return "Summarize the following text in one line." + textOf(column);
  }

  /**
   * Asks for a translation of a column.
   *
   * @param language the language's English name; its words are capitalised
   * @throws StrataException if the name is blank
   */
  public static String translate(String language, String column) {
    if (language.isBlank()) {
      throw StrataException.usage("the language to translate to is empty");
    }
    String name =
        Arrays.stream(language.strip().split("\\s+"))
            .map(TaskPrompts::capitalized)
            .collect(Collectors.joining(" "));
    return "Translate the following text to " + PromptTemplate.escape(name) + "." + textOf(column);
  }

  private static String textOf(String column) {
    return "\n\n{{" + column + "}}";
  }

  private static String capitalized(String word) {
    int first = word.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + word.substring(Character.charCount(first));
  }
}
