package dev.strata.udfs.jinja;

/** Decodes the escapes of a string literal as Python's {@code unicode-escape} codec does. */
final class StringLiteral {
  private final String text;
  private final StringBuilder decoded = new StringBuilder();
  private int position;

  private StringLiteral(String text) {
    this.text = text;
  }

  /**
   * @throws IllegalArgumentException if an escape is incomplete
   */
  static String decode(String text) {
    return text.indexOf('\\') < 0 ? text : new StringLiteral(text).decode();
  }

  private String decode() {
    while (position < text.length()) {
      char c = text.charAt(position++);
      if (c == '\\') {
        escape(text.charAt(position++));
      } else {
        decoded.append(c);
      }
    }
    return decoded.toString();
  }

  private void escape(char c) {
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> decoded.append(c);
      case 'a' -> decoded.append('\u0007');
      case 'b' -> decoded.append('\b');
      case 'f' -> decoded.append('\f');
      case 'n' -> decoded.append('\n');
      case 'r' -> decoded.append('\r');
      case 't' -> decoded.append('\t');
      case 'v' -> decoded.append('\u000b');
      case 'x' -> hexadecimal(2);
      case 'u' -> hexadecimal(4);
      case 'U' -> hexadecimal(8);
      case 'N' -> characterName();
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
      default -> decoded.append('\\').append(c);
    }
  }

  private void hexadecimal(int digits) {
    if (position + digits > text.length()) {
      throw new IllegalArgumentException("truncated escape");
    }
    String hex = text.substring(position, position + digits);
    if (hex.startsWith("+") || hex.startsWith("-")) {
      throw new IllegalArgumentException("truncated escape");
    }
    decoded.appendCodePoint(Integer.parseInt(hex, 16));
    position += digits;
  }

  private void octal() {
    int end = position;
    while (end < text.length() && end < position + 2 && "01234567".indexOf(text.charAt(end)) >= 0) {
      end++;
    }
    decoded.append((char) Integer.parseInt(text.substring(position - 1, end), 8));
    position = end;
  }

  private void characterName() {
    int close = text.indexOf('}', position);
    if (close < 0 || text.charAt(position) != '{') {
      throw new IllegalArgumentException("malformed \\N character escape");
    }
    decoded.appendCodePoint(Character.codePointOf(text.substring(position + 1, close)));
    position = close + 1;
  }
}
