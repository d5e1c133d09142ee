package dev.strata.udfs.jinja;

import java.util.function.IntPredicate;

/** The methods of str that ask what its characters are, {@code isalpha} and the like. */
final class CharacterClasses {
  private CharacterClasses() {}

  static boolean matches(String method, String text, Budget budget) {
    return switch (method) {
      case "isalnum" -> all(text, CharacterClasses::isAlphanumeric);
      case "isalpha" -> all(text, Character::isLetter);
      case "isascii" -> text.isEmpty() || all(text, code -> code < 0x80);
      case "isdecimal" -> all(text, Character::isDigit);
      case "isdigit" -> all(text, CharacterClasses::isDigit);
      case "isidentifier" -> isIdentifier(text);
      case "islower" -> isLower(text);
      case "isnumeric" -> all(text, CharacterClasses::isNumeric);
      case "isprintable" -> text.isEmpty() || all(text, CharacterClasses::isPrintable);
      case "isspace" -> all(text, PythonText::isSpace);
      case "istitle" -> isTitle(text, budget);
      case "isupper" -> isUpper(text);
      default -> throw new IllegalArgumentException(method);
    };
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  /** Whether there are cased characters, and all of them are lower case. */
  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints()
            .noneMatch(code -> Character.isUpperCase(code) || Character.isTitleCase(code));
  }

  /** Whether there are cased characters, and all of them are upper case. */
  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints()
            .noneMatch(code -> Character.isLowerCase(code) || Character.isTitleCase(code));
  }

  static boolean isCased(int code) {
    return Character.isLowerCase(code)
        || Character.isUpperCase(code)
        || Character.isTitleCase(code);
  }

  private static boolean isTitle(String text, Budget budget) {
    return text.codePoints().anyMatch(CharacterClasses::isCased)
        && text.equals(PythonText.title(text, budget));
  }

  /** Decimal digits, and those that are raised, lowered or circled. */
  private static boolean isDigit(int code) {
    return Character.isDigit(code)
        || "\u00b2\u00b3\u00b9\u2070".indexOf(code) >= 0
        || (code >= 0x2074 && code <= 0x2079)
        || (code >= 0x2080 && code <= 0x2089)
        || (code >= 0x2460 && code <= 0x2468);
  }

  static boolean isAlphanumeric(int code) {
    return Character.isLetter(code) || isNumeric(code);
  }

  private static boolean isNumeric(int code) {
    return switch (Character.getType(code)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      default -> false;
    };
  }

  private static boolean isIdentifier(String text) {
    return all(text, code -> code == '_' || Character.isUnicodeIdentifierPart(code))
        && (text.startsWith("_") || Character.isUnicodeIdentifierStart(text.codePointAt(0)));
  }

  /** Whether {@code repr} shows the character as it is. */
  static boolean isPrintable(int code) {
    return switch (Character.getType(code)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> code == ' ';
      default -> true;
    };
  }
}
