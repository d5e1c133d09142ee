package dev.strata.udfs.jinja;

/**
 * A text that is declared safe HTML, as the filters {@code safe} and {@code escape} return it. What
 * is joined to it by {@code +} or by its methods is escaped, also where a template has no
 * autoescaping.
 */
record Markup(String text) {

  /** The text of a value, escaped unless it is markup already. */
  static String escape(Object value, String text, Budget budget) {
    return value instanceof Markup markup ? markup.text : escape(text, budget);
  }

  static String escape(String text, Budget budget) {
    MeteredText escaped = new MeteredText(budget);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '>' -> escaped.append("&gt;");
        case '<' -> escaped.append("&lt;");
        case '\'' -> escaped.append("&#39;");
        case '"' -> escaped.append("&#34;");
        default -> escaped.append(c);
      }
    }
    return escaped.toString();
  }
}
