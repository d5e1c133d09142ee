package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * What Python does to texts where Java does otherwise: white space, positions in code points,
 * lines, case.
 */
final class PythonText {

  /** Behind the characters whose other case is one character, and is found at once. */
  private static final int ASCII = 128;

  private static final int DOTTED_I = 0x130;

  /** Java takes the square of the time where many characters grow, so they come in pieces. */
  private static final int PIECE_CHARS = 1024;

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

  /** What is stripped: the given characters, white space if they are null. */
  private static IntPredicate stripped(String characters) {
    if (characters == null) {
      return PythonText::isSpace;
    }
    Budget.report(characters.length());
    BitSet set = characters.codePoints().collect(BitSet::new, BitSet::set, BitSet::or);
    return set::get;
  }

  /** Strips the given characters, white space if they are null, from both ends. */
  static String strip(String text, String characters) {
    return stripRight(stripLeft(text, characters), characters);
  }

  static String stripLeft(String text, String characters) {
    IntPredicate isStripped = stripped(characters);
    int start = 0;
    while (start < text.length() && isStripped.test(text.codePointAt(start))) {
      start += Character.charCount(text.codePointAt(start));
    }
    return text.substring(start);
  }

  static String stripRight(String text, String characters) {
    IntPredicate isStripped = stripped(characters);
    int end = text.length();
    while (end > 0 && isStripped.test(text.codePointBefore(end))) {
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
    TextSearch search = TextSearch.fromLeft(separator);
    List<Object> parts = new ArrayList<>();
    int start = 0;
    int at = search.find(text, 0);
    while (at >= 0 && (limit < 0 || parts.size() < limit)) {
      add(text.substring(start, at), parts);
      start = at + separator.length();
      at = search.find(text, start);
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
      add(text.substring(position, end), parts);
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
    TextSearch search = TextSearch.fromRight(separator);
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = search.find(text, end);
    while (at >= 0 && parts.size() < limit) {
      add(text.substring(at + separator.length(), end), parts);
      end = at;
      at = search.find(text, end);
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
      add(text.substring(start, end), parts);
      end = start;
      while (end > 0 && isSpace(text.charAt(end - 1))) {
        end--;
      }
    }
    return parts;
  }

  /** Adds a part to a list that is being made of a text. */
  private static void add(String part, List<Object> parts) {
    Budget.reportItem();
    parts.add(part);
  }

  /** How often a part is in a text, counted without overlaps. */
  static long count(String text, String part) {
    requireSeparator(part);
    TextSearch search = TextSearch.fromLeft(part);
    long count = 0;
    for (int at = search.find(text, 0); at >= 0; at = search.find(text, at + part.length())) {
      count++;
    }
    return count;
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
      add(text.substring(start, keepEnds ? next : end), lines);
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

  /** A text in capitals; what is made of a character does not depend on its neighbours. */
  static String upper(String text) {
    StringBuilder upper = new StringBuilder(text.length());
    for (int begin = 0; begin < text.length(); ) {
      int end = Math.min(text.length(), begin + PIECE_CHARS);
      if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
        end++;
      }
      upper.append(text.substring(begin, end).toUpperCase(Locale.ROOT));
      Budget.report(end - begin);
      begin = end;
    }
    return upper.toString();
  }

  /** A text in small letters. The only character that grows is replaced first. */
  static String lower(String text) {
    Budget.report(text.length());
    return text.replace("\u0130", "i\u0307").toLowerCase(Locale.ROOT);
  }

  /** Compares by code points, where {@link String#compareTo} compares by UTF-16 units. */
  static int compare(String left, String right) {
    int end = Math.min(left.length(), right.length());
    int i = 0;
    while (i < end && left.charAt(i) == right.charAt(i)) {
      i++;
    }
    Budget.report(1L + i);
    if (i == end) {
      return Integer.compare(left.length(), right.length());
    }
    // Behind a high surrogate that both have, the low ones are in the order of the code points.
    return Integer.compare(left.codePointAt(i), right.codePointAt(i));
  }

  static String reverse(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return titleCase(first) + lower(text.substring(Character.charCount(first)));
  }

  static String title(String text, Budget budget) {
    MeteredText result = new MeteredText(budget);
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int code = text.codePointAt(i);
      if (inWord) {
        appendSmall(code, result);
      } else if (code < ASCII) {
        result.appendCodePoint(Character.toUpperCase(code));
      } else {
        result.append(titleCase(code));
      }
      inWord = CharacterClasses.isCased(code);
    }
    return result.toString();
  }

  /** Appends a word whose first character is made large and whose others are made small. */
  static void appendCapitalized(String text, int begin, int end, MeteredText into) {
    if (isAscii(text, begin, end)) { // most words, and then no text is made of each
      for (int i = begin; i < end; i++) {
        char c = text.charAt(i);
        into.append(i == begin ? Character.toUpperCase(c) : Character.toLowerCase(c));
      }
    } else {
      int rest = text.offsetByCodePoints(begin, 1);
      into.append(upper(text.substring(begin, rest))).append(lower(text.substring(rest, end)));
    }
  }

  private static boolean isAscii(String text, int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (text.charAt(i) >= ASCII) {
        return false;
      }
    }
    return true;
  }

  /** The only character that becomes two is one with a dot. */
  private static void appendSmall(int code, MeteredText text) {
    if (code == DOTTED_I) {
      text.append(lower(Character.toString(code)));
    } else {
      text.appendCodePoint(Character.toLowerCase(code));
    }
  }

  private static String titleCase(int code) {
    String upper = Character.toString(code).toUpperCase(Locale.ROOT);
    boolean expands = upper.codePointCount(0, upper.length()) > 1;
    return expands
        ? upper.substring(0, 1) + upper.substring(1).toLowerCase(Locale.ROOT)
        : Character.toString(Character.toTitleCase(code));
  }

  static String swapCase(String text, Budget budget) {
    MeteredText result = new MeteredText(budget);
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int code = text.codePointAt(i);
      if (Character.isUpperCase(code)) {
        appendSmall(code, result);
      } else if (code < ASCII) {
        result.appendCodePoint(Character.toUpperCase(code));
      } else {
        result.append(Character.toString(code).toUpperCase(Locale.ROOT));
      }
    }
    return result.toString();
  }
}
