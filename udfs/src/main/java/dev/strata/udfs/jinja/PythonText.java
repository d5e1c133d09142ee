package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * What Python does to texts where Java does otherwise: white space, positions in code points,
 * lines, case.
 */
final class PythonText {
  /**
   * The white space of Python's {@code str} and of its regular expressions, as a character class.
   */
  static final String WHITESPACE =
      "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

  private static final String LINE_ENDS = "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029";

  private PythonText() {}

  static boolean isSpace(int code) {
    return code == ' '
        || (code >= '\t' && code <= '\r')
        || (code >= 0x1c && code <= 0x1f)
        || code == 0x85
        || code == 0xa0
        || code == 0x1680
        || (code >= 0x2000 && code <= 0x200a)
        || code == 0x2028
        || code == 0x2029
        || code == 0x202f
        || code == 0x205f
        || code == 0x3000;
  }

  private static boolean isStripped(int code, String characters) {
    return characters == null ? isSpace(code) : characters.indexOf(code) >= 0;
  }

  /** Strips the given characters, white space if they are null, from both ends. */
  static String strip(String text, String characters) {
    return stripRight(stripLeft(text, characters), characters);
  }

  static String stripLeft(String text, String characters) {
    int start = 0;
    while (start < text.length() && isStripped(text.codePointAt(start), characters)) {
      start += Character.charCount(text.codePointAt(start));
    }
    return text.substring(start);
  }

  static String stripRight(String text, String characters) {
    int end = text.length();
    while (end > 0 && isStripped(text.codePointBefore(end), characters)) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(0, end);
  }

  /**
   * Splits at a separator, at runs of white space if it is null, at most {@code limit} times if not
   * negative.
   */
  static List<Object> split(String text, String separator, long limit) {
    if (separator == null) {
      return splitAtSpace(text, limit);
    }
    requireSeparator(separator);
    List<Object> parts = new ArrayList<>();
    int start = 0;
    int at = text.indexOf(separator);
    while (at >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.add(text.substring(start, at));
      start = at + separator.length();
      at = text.indexOf(separator, start);
    }
    parts.add(text.substring(start));
    return parts;
  }

  private static List<Object> splitAtSpace(String text, long limit) {
    List<Object> parts = new ArrayList<>();
    String rest = stripLeft(text, null);
    int position = text.length() - rest.length();
    while (position < text.length()) {
      if (limit >= 0 && parts.size() >= limit) {
        parts.add(text.substring(position));
        return parts;
      }
      int end = position;
      while (end < text.length() && !isSpace(text.charAt(end))) {
        end++;
      }
      parts.add(text.substring(position, end));
      position = end;
      while (position < text.length() && isSpace(text.charAt(position))) {
        position++;
      }
    }
    return parts;
  }

  static List<Object> splitFromRight(String text, String separator, long limit) {
    if (limit < 0) {
      return split(text, separator, limit);
    }
    List<Object> parts =
        separator == null
            ? splitAtSpaceFromRight(text, limit)
            : splitAtSeparatorFromRight(text, separator, limit);
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> splitAtSeparatorFromRight(String text, String separator, long limit) {
    requireSeparator(separator);
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = text.lastIndexOf(separator);
    while (at >= 0 && parts.size() < limit) {
      parts.add(text.substring(at + separator.length(), end));
      end = at;
      at = text.substring(0, end).lastIndexOf(separator);
    }
    parts.add(text.substring(0, end));
    return parts;
  }

  private static List<Object> splitAtSpaceFromRight(String text, long limit) {
    List<Object> parts = new ArrayList<>();
    int end = stripRight(text, null).length();
    while (end > 0) {
      if (parts.size() >= limit) {
        parts.add(text.substring(0, end));
        return parts;
      }
      int start = end;
      while (start > 0 && !isSpace(text.charAt(start - 1))) {
        start--;
      }
      parts.add(text.substring(start, end));
      end = start;
      while (end > 0 && isSpace(text.charAt(end - 1))) {
        end--;
      }
    }
    return parts;
  }

  private static void requireSeparator(String separator) {
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
  }

  static List<Object> splitLines(String text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = start;
      while (end < text.length() && LINE_ENDS.indexOf(text.charAt(end)) < 0) {
        end++;
      }
      int next = Math.min(text.length(), end + (text.startsWith("\r\n", end) ? 2 : 1));
      lines.add(text.substring(start, keepEnds ? next : end));
      start = next;
    }
    return lines;
  }

  /** The part between two positions counted in code points. */
  static String substring(String text, long start, long stop) {
    if (start >= stop) {
      return "";
    }
    int from = text.offsetByCodePoints(0, (int) start);
    return text.substring(from, text.offsetByCodePoints(from, (int) (stop - start)));
  }

  static String characterAt(String text, int position) {
    return Character.toString(text.codePointAt(text.offsetByCodePoints(0, position)));
  }

  /** Compares by code points, where {@link String#compareTo} compares by UTF-16 units. */
  static int compare(String left, String right) {
    return Arrays.compare(left.codePoints().toArray(), right.codePoints().toArray());
  }

  static String reverse(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return titleCase(first) + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  static String title(String text) {
    StringBuilder result = new StringBuilder();
    boolean inWord = false;
    for (int code : text.codePoints().toArray()) {
      result.append(inWord ? Character.toString(code).toLowerCase(Locale.ROOT) : titleCase(code));
      inWord = CharacterClasses.isCased(code);
    }
    return result.toString();
  }

  private static String titleCase(int code) {
    String upper = Character.toString(code).toUpperCase(Locale.ROOT);
    boolean expands = upper.codePointCount(0, upper.length()) > 1;
    return expands
        ? upper.substring(0, 1) + upper.substring(1).toLowerCase(Locale.ROOT)
        : Character.toString(Character.toTitleCase(code));
  }

  static String swapCase(String text) {
    StringBuilder result = new StringBuilder();
    for (int code : text.codePoints().toArray()) {
      String character = Character.toString(code);
      result.append(
          Character.isUpperCase(code)
              ? character.toLowerCase(Locale.ROOT)
              : character.toUpperCase(Locale.ROOT));
    }
    return result.toString();
  }
}
