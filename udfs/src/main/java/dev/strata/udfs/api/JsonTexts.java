package dev.strata.udfs.api;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A list of texts in one value: a JSON array of strings, which can hold commas and line breaks. */
public final class JsonTexts {

  private final String json;
  private int at;

  private JsonTexts(String json) {
    this.json = json;
  }

  /**
   * Reads an array of strings.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static List<String> parse(String json) {
    return new JsonTexts(json).array();
  }

  /** Writes an array of strings. */
  public static String format(List<String> texts) {
    return texts.stream().map(JsonTexts::quoted).collect(Collectors.joining(",", "[", "]"));
  }

  private List<String> array() {
    List<String> texts = new ArrayList<>();
    expect('[');
    if (!accept(']')) {
      do {
        texts.add(text());
      } while (accept(','));
      expect(']');
    }
    skipSpace();
    require(at == json.length());
    return texts;
  }

  private String text() {
    expect('"');
    StringBuilder text = new StringBuilder();
    for (char c = next(); c != '"'; c = next()) {
      text.append(c == '\\' ? escaped() : c);
    }
    return text.toString();
  }

  private char escaped() {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw new IllegalArgumentException(json);
    };
  }

  private char unicode() {
    require(at + 4 <= json.length());
    at += 4;
    return (char) Integer.parseInt(json.substring(at - 4, at), 16);
  }

  private boolean accept(char wanted) {
    skipSpace();
    boolean found = at < json.length() && json.charAt(at) == wanted;
    at += found ? 1 : 0;
    return found;
  }

  private void expect(char wanted) {
    require(accept(wanted));
  }

  private char next() {
    require(at < json.length());
    return json.charAt(at++);
  }

  private void skipSpace() {
    while (at < json.length() && Character.isWhitespace(json.charAt(at))) {
      at++;
    }
  }

  private void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException(json);
    }
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
