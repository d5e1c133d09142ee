package dev.strata.udfs.text;

import dev.strata.udfs.text.Regex.Assertion;
import dev.strata.udfs.text.Regex.Atomic;
import dev.strata.udfs.text.Regex.Chain;
import dev.strata.udfs.text.Regex.Characters;
import dev.strata.udfs.text.Regex.Choice;
import dev.strata.udfs.text.Regex.Repeat;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Oniguruma's syntax. What it does not read, or cannot be judged by its form, is refused:
 * references back to groups, calls of groups, conditions, absent parts and callouts.
 */
final class RegexParser {

  /** Oniguruma recurses into groups on the native stack, which is not large. */
  private static final int MAX_NESTING = 100;

  private static final int MAX_LENGTH = 1 << 16;
  private static final Pattern INTERVAL = Pattern.compile("\\{(\\d{0,6})(,?)(\\d{0,6})\\}");
  private static final Pattern OPTIONS =
      Pattern.compile("\\(\\?([imxWDSPy]*)(-[imxWDSPy]+)?([:)])");
  private static final Pattern LOOK = Pattern.compile("\\(\\?<?[=!]");
  private static final Pattern NAME = Pattern.compile("\\(\\?(?:<\\w+>|'\\w+')");

  private final String pattern;
  private final RegexCharacters characters;
  private int position;
  private int nesting;
  private boolean extended;

  private RegexParser(String pattern) {
    this.pattern = pattern;
    this.characters = new RegexCharacters(pattern);
  }

  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException if it is none, or none that can be judged; the message says
   *     what it does, as in "it uses …"
   */
  static Regex parse(String pattern) {
    if (pattern.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "it has %d characters, more than %d".formatted(pattern.length(), MAX_LENGTH));
    }
    RegexParser parser = new RegexParser(pattern);
    Regex regex = parser.parseChoice();
    if (parser.position < pattern.length()) {
      throw new IllegalArgumentException("it has a ')' without its '('");
    }
    return regex;
  }

  private boolean atEnd() {
    return position >= pattern.length();
  }

  private boolean at(String text) {
    return pattern.startsWith(text, position);
  }

  private boolean skip(String text) {
    boolean found = at(text);
    position += found ? text.length() : 0;
    return found;
  }

  private Regex parseChoice() {
    List<Regex> alternatives = new ArrayList<>();
    do {
      alternatives.add(parseChain());
    } while (skip("|"));
    return alternatives.size() == 1 ? alternatives.get(0) : new Choice(alternatives);
  }

  private Regex parseChain() {
    List<Regex> parts = new ArrayList<>();
    skipComments();
    while (!atEnd() && !at("|") && !at(")")) {
      int start = position;
      parts.add(parseRepeats(start, parseAtom()));
      skipComments();
    }
    return parts.size() == 1 ? parts.get(0) : new Chain(parts);
  }

  private void skipComments() {
    boolean found = true;
    while (found && !atEnd()) {
      int start = position;
      if (at("(?#")) {
        skipThrough(')');
      } else if (extended && Character.isWhitespace(pattern.charAt(position))) {
        position++;
      } else if (extended && at("#")) {
        skipThrough('\n');
      }
      found = position > start;
    }
  }

  private void skipThrough(char end) {
    int at = pattern.indexOf(end, position);
    position = at < 0 ? pattern.length() : at + 1;
  }

  private Regex parseAtom() {
    return switch (pattern.charAt(position)) {
      case '(' -> nested();
      case '^', '$' -> {
        position++;
        yield new Assertion(null);
      }
      case '\\' -> parseEscape();
      default -> characters();
    };
  }

  private Regex nested() {
    if (++nesting > MAX_NESTING) {
      throw new IllegalArgumentException("its groups are nested deeper than " + MAX_NESTING);
    }
    Regex group = parseGroup();
    nesting--;
    return group;
  }

  private Regex parseGroup() {
    if (matches(LOOK)) {
      return new Assertion(parseRest());
    }
    if (skip("(?>")) {
      return new Atomic(parseRest());
    }
    Matcher options = matcher(OPTIONS);
    if (options.lookingAt()) {
      return parseOptions(options);
    }
    if (matches(NAME) || (!at("(?") && !at("(*") && skip("("))) {
      return parseRest();
    }
    throw unsupported(pattern.substring(position, Math.min(position + 3, pattern.length())));
  }

  /**
   * A group with options, which hold to its end; written alone they hold to that of the group
   * around.
   */
  private Regex parseOptions(Matcher options) {
    position = options.end();
    boolean ignoredCase = characters.ignoresCase();
    boolean wasExtended = extended;
    String off = String.valueOf(options.group(2));
    characters.ignoreCase((ignoredCase || options.group(1).contains("i")) && !off.contains("i"));
    extended = (extended || options.group(1).contains("x")) && !off.contains("x");
    Regex group = options.group(3).equals(":") ? parseRest() : parseChoice();
    characters.ignoreCase(ignoredCase);
    extended = wasExtended;
    return group;
  }

  private Regex parseRest() {
    Regex body = parseChoice();
    if (!skip(")")) {
      throw new IllegalArgumentException("it has a '(' without its ')'");
    }
    return body;
  }

  private Matcher matcher(Pattern syntax) {
    return syntax.matcher(pattern).region(position, pattern.length());
  }

  private boolean matches(Pattern syntax) {
    Matcher matcher = matcher(syntax);
    boolean found = matcher.lookingAt();
    position = found ? matcher.end() : position;
    return found;
  }

  private Regex parseEscape() {
    char kind = position + 1 < pattern.length() ? pattern.charAt(position + 1) : 0;
    return switch (kind) {
      case 'b', 'B', 'A', 'Z', 'z', 'G', 'y', 'Y', 'K' -> {
        position += 2;
        yield new Assertion(null);
      }
      case 'R' -> {
        position += 2;
        yield lineBreak();
      }
      case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k', 'g', 'X' -> {
        if (!matcher(RegexCharacters.OCTAL).lookingAt()) {
          throw unsupported("\\" + kind);
        }
        yield characters();
      }
      default -> characters();
    };
  }

  /** A pair of carriage return and line feed is one too, but never taken apart. */
  private static Regex lineBreak() {
    BitSet set = CharacterSets.range('\n', '\r');
    set.or(CharacterSets.of(0x85));
    set.or(CharacterSets.range(0x2028, 0x2029));
    return new Characters(set);
  }

  private static IllegalArgumentException unsupported(String what) {
    return new IllegalArgumentException(
        "it uses '" + what + "', whose steps cannot be told from the expression");
  }

  private Regex characters() {
    characters.position = position;
    BitSet set = characters.parse();
    position = characters.position;
    return new Characters(set);
  }

  private Regex parseRepeats(int start, Regex atom) {
    Regex repeated = atom;
    for (Regex next = parseRepeat(start, atom); next != null; next = parseRepeat(start, next)) {
      repeated = next;
    }
    return repeated;
  }

  /** The part with the repeat that follows, or null if none does. */
  private Regex parseRepeat(int start, Regex body) {
    skipComments();
    if (atEnd()) {
      return null;
    }
    return switch (pattern.charAt(position)) {
      case '*' -> simple(start, body, 0, Repeat.UNBOUNDED);
      case '+' -> simple(start, body, 1, Repeat.UNBOUNDED);
      case '?' -> simple(start, body, 0, 1);
      case '{' -> interval(start, body);
      default -> null;
    };
  }

  private Regex simple(int start, Regex body, int least, int most) {
    position++;
    boolean possessive = !skip("?") && skip("+");
    Repeat repeat = new Repeat(body, least, most, pattern.substring(start, position));
    return possessive ? new Atomic(repeat) : repeat;
  }

  /** An interval; a plus behind it repeats it again, where Java's would make it possessive. */
  private Regex interval(int start, Regex body) {
    Matcher interval = matcher(INTERVAL);
    if (!interval.lookingAt() || interval.group().length() == 2 || interval.group().equals("{,}")) {
      return null;
    }
    position = interval.end();
    int least = number(interval.group(1), 0);
    boolean exact = interval.group(2).isEmpty();
    int most = exact ? least : number(interval.group(3), Repeat.UNBOUNDED);
    // {n}? is {0,n} of a whole, and not lazy.
    int fewest = skip("?") && exact ? 0 : least;
    return new Repeat(
        body, Math.min(fewest, most), Math.max(fewest, most), pattern.substring(start, position));
  }

  private static int number(String digits, int whenAbsent) {
    return digits.isEmpty() ? whenAbsent : Integer.parseInt(digits);
  }
}
