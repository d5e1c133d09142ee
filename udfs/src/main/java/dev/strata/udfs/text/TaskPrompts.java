package dev.strata.udfs.text;

import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The prompt templates of the tasks that need none from their user. */
public final class TaskPrompts {

  private static final String CONTENT = "content";

  private TaskPrompts() {}

  /** Asks for a summary of a column in one line. */
  public static String summarize(String column) {
    return "Summarize the following text in one line." + textOf(column);
  }

  /**
   * Asks for a translation of a column.
   *
   * @param language as {@link #language} takes it
   * @throws StrataException if the name is blank
   */
  public static String translate(String language, String column) {
    String name = PromptTemplate.escape(language(language));
    return "Translate the following text to " + name + "." + textOf(column);
  }

  /**
   * Asks which label fits a column.
   *
   * @param template what is asked, of {@code {{content}}} and {@code {{labels}}}
   * @throws StrataException if it names anything else
   */
  public static String classify(String template, List<String> labels, String column) {
    PromptTemplate asked = PromptTemplate.parse(template);
    asked.checkColumns(List.of(CONTENT, "labels"));
    String names = PromptTemplate.escape(String.join(", ", labels));
    return asked.with(name -> name.equals(CONTENT) ? placeholder(column) : names);
  }

  /**
   * A language as prompts name it.
   *
   * @param language its English name, whose words are capitalised, or its code, such as {@code fr}
   *     or {@code fr-FR}
   * @throws StrataException if it is blank
   */
  public static String language(String language) {
    if (language.isBlank()) {
      throw StrataException.usage("the language to translate to is empty");
    }
    return Arrays.stream(Languages.name(language).split("\\s+"))
        .map(TaskPrompts::capitalized)
        .collect(Collectors.joining(" "));
  }

  private static String textOf(String column) {
    return "\n\n" + placeholder(column);
  }

  /** The template that shows a column alone. */
  public static String placeholder(String column) {
    return "{{" + column + "}}";
  }

  private static String capitalized(String word) {
    int first = word.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + word.substring(Character.charCount(first));
  }
}
