package dev.strata.udfs.text;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what stands for one character: itself, an escape, a class in brackets. */
final class RegexCharacters {

  private static final Pattern PROPERTY = Pattern.compile("\\\\[pP]\\{(\\^?)([^}]*)\\}");
  private static final Pattern BRACKET = Pattern.compile("\\[:(\\^?)(\\w+):\\]");
  private static final Pattern HEXADECIMAL =
      Pattern.compile("\\\\(?:x\\{([\\da-fA-F]{1,6})\\}|x([\\da-fA-F]{1,2})|u([\\da-fA-F]{4}))");
  static final Pattern OCTAL = Pattern.compile("\\\\(0[0-7]{0,2}|[1-3][0-7]{2})");
  private static final Pattern CONTROL = Pattern.compile("\\\\(?:c|C-|M-)\\\\?.");
  private static final int MAX_NESTING = 100;

  private final String pattern;
  private final Map<String, BitSet> properties = new HashMap<>();
  private boolean ignoresCase;
  private int nesting;

  /** Where to read next. */
  int position;

  RegexCharacters(String pattern) {
    this.pattern = pattern;
  }

  boolean ignoresCase() {
    return ignoresCase;
  }

  void ignoreCase(boolean ignores) {
    ignoresCase = ignores;
  }

  BitSet parse() {
    BitSet set = parseOne();
    return ignoresCase ? CharacterSets.ignoringCase(set) : set;
  }

  private BitSet parseOne() {
    return switch (current()) {
      case '[' -> parseClass();
      case '\\' -> parseEscape(false);
      case '.' -> {
        position++;
        yield CharacterSets.complement(CharacterSets.of('\n'));
      }
      default -> CharacterSets.of(literal());
    };
  }

  private int current() {
    if (position >= pattern.length()) {
      throw new IllegalArgumentException("it ends in the middle of a part");
    }
    return pattern.codePointAt(position);
  }

  private int literal() {
    int code = current();
    position += Character.charCount(code);
    return code;
  }

  private BitSet parseClass() {
    if (++nesting > MAX_NESTING) {
      throw new IllegalArgumentException("its classes are nested deeper than " + MAX_NESTING);
    }
    position++;
    boolean negated = skip("^");
    BitSet whole = null;
    BitSet part = new BitSet();
    boolean first = true;
    while (first || current() != ']') {
      if (skip("&&")) {
        whole = intersection(whole, part);
        part = new BitSet();
      } else {
        part.or(parseElement());
      }
      first = false;
    }
    position++;
    nesting--;
    BitSet set = intersection(whole, part);
    set = ignoresCase ? CharacterSets.ignoringCase(set) : set;
    return negated ? CharacterSets.complement(set) : set;
  }

  private static BitSet intersection(BitSet whole, BitSet part) {
    if (whole != null) {
      part.and(whole);
    }
    return part;
  }

  private boolean skip(String text) {
    boolean found = pattern.startsWith(text, position);
    position += found ? text.length() : 0;
    return found;
  }

  private BitSet parseElement() {
    Matcher bracket = matcher(BRACKET);
    if (bracket.lookingAt()) {
      position = bracket.end();
      return property(bracket.group(2), !bracket.group(1).isEmpty());
    }
    if (current() == '[') {
      return parseClass();
    }
    BitSet start = current() == '\\' ? parseEscape(true) : CharacterSets.of(literal());
    return atRange() && start.cardinality() == 1 ? parseRange(start) : start;
  }

  private boolean atRange() {
    return pattern.startsWith("-", position)
        && !pattern.startsWith("-]", position)
        && !pattern.startsWith("-[", position)
        && !pattern.startsWith("-&&", position);
  }

  private BitSet parseRange(BitSet start) {
    position++;
    BitSet end = current() == '\\' ? parseEscape(true) : CharacterSets.of(literal());
    BitSet range = new BitSet();
    // Behind a hyphen a set of several characters makes the hyphen one of its own.
    if (end.cardinality() == 1 && end.nextSetBit(0) >= start.nextSetBit(0)) {
      range.set(start.nextSetBit(0), end.nextSetBit(0) + 1);
    } else {
      range.or(CharacterSets.of('-'));
      range.or(start);
      range.or(end);
    }
    return range;
  }

  private Matcher matcher(Pattern syntax) {
    return syntax.matcher(pattern).region(position, pattern.length());
  }

  private BitSet parseEscape(boolean inClass) {
    Matcher property = matcher(PROPERTY);
    if (property.lookingAt()) {
      boolean negated = (pattern.charAt(position + 1) == 'P') != !property.group(1).isEmpty();
      position = property.end();
      return property(property.group(2), negated);
    }
    Matcher hexadecimal = matcher(HEXADECIMAL);
    if (hexadecimal.lookingAt()) {
      position = hexadecimal.end();
      return CharacterSets.of(codePoint(hexadecimal));
    }
    for (Pattern syntax : new Pattern[] {OCTAL, CONTROL}) {
      Matcher matcher = matcher(syntax);
      if (matcher.lookingAt()) {
        position = matcher.end();
        return syntax == OCTAL ? octal(matcher.group(1)) : CharacterSets.range(0, 0x1f);
      }
    }
    position++;
    return escaped(literal(), inClass);
  }

  private static BitSet octal(String digits) {
    return CharacterSets.of(Integer.parseInt(digits, 8));
  }

  private static int codePoint(Matcher hexadecimal) {
    for (int group = 1; group <= 3; group++) {
      if (hexadecimal.group(group) != null) {
        return Math.min(Integer.parseInt(hexadecimal.group(group), 16), Character.MAX_CODE_POINT);
      }
    }
    throw new IllegalStateException(hexadecimal.group());
  }

  private BitSet property(String name, boolean negated) {
    BitSet set = properties.computeIfAbsent(name, CharacterSets::property);
    return negated ? CharacterSets.complement(set) : (BitSet) set.clone();
  }

  private BitSet escaped(int code, boolean inClass) {
    return switch (code) {
      case 's' -> property("space", false);
      case 'S' -> property("space", true);
      case 'w' -> property("word", false);
      case 'W' -> property("word", true);
      case 'd' -> property("digit", false);
      case 'D' -> property("digit", true);
      case 'h' -> property("xdigit", false);
      case 'H' -> property("xdigit", true);
      case 'N' -> CharacterSets.complement(CharacterSets.of('\n'));
      case 'O' -> CharacterSets.all();
      case 't' -> CharacterSets.of('\t');
      case 'n' -> CharacterSets.of('\n');
      case 'v' -> CharacterSets.of('\u000b');
      case 'r' -> CharacterSets.of('\r');
      case 'f' -> CharacterSets.of('\f');
      case 'a' -> CharacterSets.of('\u0007');
      case 'e' -> CharacterSets.of('\u001b');
      case 'b' -> CharacterSets.of(inClass ? '\b' : 'b');
      default -> CharacterSets.of(code);
    };
  }
}
