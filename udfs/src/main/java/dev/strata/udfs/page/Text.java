package dev.strata.udfs.page;

/** A text, escaped. */
record Text(String text) implements Markup {

  private static final char UNPRINTABLE = '\uFFFD';

  @Override
  public void appendTo(StringBuilder html) {
    escape(text, html);
  }

  /** The same within an element and within an attribute's quotes. */
  static void escape(String text, StringBuilder html) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> html.append("&amp;");
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        default -> html.append(isPrintable(text, i) ? c : UNPRINTABLE);
      }
    }
  }

  /** HTML knows no control characters but white space, and no halves of characters. */
  private static boolean isPrintable(String text, int at) {
    char c = text.charAt(at);
    if (Character.isHighSurrogate(c)) {
      return at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1));
    }
    if (Character.isLowSurrogate(c)) {
      return at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
    return c == '\t' || c == '\n' || c == '\r' || !Character.isISOControl(c);
  }
}
