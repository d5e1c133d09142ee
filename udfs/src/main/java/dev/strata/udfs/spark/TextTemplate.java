package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.text.PromptTemplate;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/** A prompt template that knows where its columns are. */
final class TextTemplate implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String text;
  private final Map<String, Integer> columns;
  private transient PromptTemplate template; // read again where it was sent

  private TextTemplate(String text, Map<String, Integer> columns) {
    this.text = text;
    this.columns = columns;
  }

  /**
   * Finds the columns of a template's placeholders.
   *
   * @throws StrataException if one is absent or cannot be shown as text
   */
  static TextTemplate of(String text, TextColumns columns) {
    Map<String, Integer> found = new HashMap<>();
    for (String name : PromptTemplate.parse(text).columns()) {
      found.put(name, columns.require(name, "the prompt"));
    }
    return new TextTemplate(text, found);
  }

  /**
   * The text for a row.
   *
   * @param own what to do to each value's text
   * @throws RowException if a value is null or empty
   */
  String render(Row row, UnaryOperator<String> own) {
    if (template == null) {
      template = PromptTemplate.parse(text);
    }
    return template.render(name -> row.get(columns.get(name)), own);
  }
}
