package dev.strata.udfs.text;

import java.nio.CharBuffer;
import java.util.BitSet;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Sets of characters, as far as it matters whether two of them overlap: every character of the
 * basic plane has a bit, above it each 64 neighbours share one.
 */
final class CharacterSets {

  private static final int PLANE = 0x10000;
  private static final int SHARED = 64;
  private static final int SIZE = PLANE + (Character.MAX_CODE_POINT + 1 - PLANE) / SHARED;

  private CharacterSets() {}

  static BitSet all() {
    BitSet set = new BitSet(SIZE);
    set.set(0, SIZE);
    return set;
  }

  static BitSet of(int codePoint) {
    return range(codePoint, codePoint);
  }

  static BitSet range(int first, int last) {
    BitSet set = new BitSet(index(last) + 1);
    set.set(index(first), index(last) + 1);
    return set;
  }

  private static int index(int codePoint) {
    return codePoint < PLANE ? codePoint : PLANE + (codePoint - PLANE) / SHARED;
  }

  private static int codePoint(int index) {
    return index < PLANE ? index : PLANE + (index - PLANE) * SHARED;
  }

  static boolean contains(BitSet set, int codePoint) {
    return set.get(index(codePoint));
  }

  /** The first character of a set, if it has any. */
  static OptionalInt first(BitSet set) {
    int index = set.nextSetBit(0);
    return index < 0 ? OptionalInt.empty() : OptionalInt.of(codePoint(index));
  }

  static BitSet where(IntPredicate test) {
    BitSet set = new BitSet(SIZE);
    for (int i = 0; i < SIZE; i++) {
      set.set(i, test.test(codePoint(i)));
    }
    return set;
  }

  static BitSet complement(BitSet set) {
    BitSet complement = (BitSet) set.clone();
    complement.flip(0, SIZE);
    return complement;
  }

  /** The set with the other cases of its characters. */
  static BitSet ignoringCase(BitSet set) {
    BitSet folded = (BitSet) set.clone();
    set.stream()
        .map(CharacterSets::codePoint)
        .forEach(
            code -> {
              folded.set(index(Character.toLowerCase(code)));
              folded.set(index(Character.toUpperCase(code)));
              folded.set(index(Character.toTitleCase(code)));
            });
    return folded;
  }

  static BitSet spaces() {
    return where(
        code -> Character.isSpaceChar(code) || (code >= '\t' && code <= '\r') || code == 0x85);
  }

  static BitSet words() {
    return where(
        code ->
            Character.isLetterOrDigit(code)
                || isType(code, "M")
                || Character.getType(code) == Character.CONNECTOR_PUNCTUATION);
  }

  static BitSet digits() {
    return where(Character::isDigit);
  }

  static BitSet hexDigits() {
    return where(code -> code < 0x80 && Character.digit(code, 16) >= 0);
  }

  /**
   * The characters of a property by its name in an expression. One that Java does not know counts
   * as all characters, which at worst finds an overlap that is none.
   */
  static BitSet property(String name) {
    String plain = name.replaceAll("[ _-]", "").toLowerCase(Locale.ROOT);
    return switch (plain) {
      case "any" -> all();
      case "ascii" -> range(0, 0x7f);
      case "alpha" -> where(Character::isAlphabetic);
      case "alnum" -> where(code -> Character.isAlphabetic(code) || Character.isDigit(code));
      case "digit" -> digits();
      case "space" -> spaces();
      case "blank" -> where(code -> code == '\t' || isType(code, "Zs"));
      case "word" -> words();
      case "xdigit" -> hexDigits();
      case "upper" -> where(Character::isUpperCase);
      case "lower" -> where(Character::isLowerCase);
      case "cntrl" -> where(code -> isType(code, "Cc"));
      case "punct" -> where(code -> isType(code, "P") || (code < 0x80 && isType(code, "S")));
      case "graph" -> where(code -> !isType(code, "C") && !Character.isSpaceChar(code));
      case "print" -> where(code -> !isType(code, "C"));
      default -> categoryOrScript(name, plain);
    };
  }

  private static BitSet categoryOrScript(String name, String plain) {
    String category = plain.isEmpty() ? "" : plain.substring(0, 1).toUpperCase(Locale.ROOT);
    if (plain.length() <= 2 && "LMNPSZC".contains(category) && !category.isEmpty()) {
      String type = category + plain.substring(1);
      return where(code -> isType(code, type));
    }
    for (String prefix : new String[] {"Is", "", "In"}) {
      try {
        return matching(Pattern.compile("\\p{" + prefix + name + "}"));
      } catch (PatternSyntaxException e) {
        // Tried under its next name.
      }
    }
    return all();
  }

  /** The characters that a pattern of one matches, which are asked for in one place of memory. */
  private static BitSet matching(Pattern pattern) {
    char[] chars = new char[2];
    CharBuffer character = CharBuffer.wrap(chars);
    Matcher matcher = pattern.matcher(character);
    return where(
        code -> {
          character.limit(Character.toChars(code, chars, 0));
          return matcher.reset().matches();
        });
  }

  /** Whether a character is of a general category, of one or two letters. */
  private static boolean isType(int code, String category) {
    String type =
        switch (Character.getType(code)) {
          case Character.UPPERCASE_LETTER -> "Lu";
          case Character.LOWERCASE_LETTER -> "Ll";
          case Character.TITLECASE_LETTER -> "Lt";
          case Character.MODIFIER_LETTER -> "Lm";
          case Character.OTHER_LETTER -> "Lo";
          case Character.NON_SPACING_MARK -> "Mn";
          case Character.ENCLOSING_MARK -> "Me";
          case Character.COMBINING_SPACING_MARK -> "Mc";
          case Character.DECIMAL_DIGIT_NUMBER -> "Nd";
          case Character.LETTER_NUMBER -> "Nl";
          case Character.OTHER_NUMBER -> "No";
          case Character.SPACE_SEPARATOR -> "Zs";
          case Character.LINE_SEPARATOR -> "Zl";
          case Character.PARAGRAPH_SEPARATOR -> "Zp";
          case Character.CONTROL -> "Cc";
          case Character.FORMAT -> "Cf";
          case Character.PRIVATE_USE -> "Co";
          case Character.SURROGATE -> "Cs";
          case Character.UNASSIGNED -> "Cn";
          case Character.DASH_PUNCTUATION -> "Pd";
          case Character.START_PUNCTUATION -> "Ps";
          case Character.END_PUNCTUATION -> "Pe";
          case Character.CONNECTOR_PUNCTUATION -> "Pc";
          case Character.INITIAL_QUOTE_PUNCTUATION -> "Pi";
          case Character.FINAL_QUOTE_PUNCTUATION -> "Pf";
          case Character.OTHER_PUNCTUATION -> "Po";
          case Character.MATH_SYMBOL -> "Sm";
          case Character.CURRENCY_SYMBOL -> "Sc";
          case Character.MODIFIER_SYMBOL -> "Sk";
          default -> "So";
        };
    return type.startsWith(category);
  }
}
