package dev.strata.udfs.jinja;

/**
 * A text that is declared safe HTML, as the filters {@code safe} and {@code escape} return it. What
 * is joined to it by {@code +} or by its methods is escaped, also where a template has no
 * autoescaping.
 */
record Markup(String text) {

  /** The text of a value, escaped unless it is markup already. */
  static String escape(Object value, String text) {
    return value instanceof Markup markup ? markup.text : escape(text);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
