package dev.strata.udfs.text;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The steps of a tokenizer's normalizer, as far as the length of a text goes: of U+FDFA, for
 * example, NFKC makes 18 characters, and native code holds all of them at once.
 */
final class NormalizerSteps {

  private static final Pattern IDEOGRAPHS =
      Pattern.compile("[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\uF900-\\uFAFF\\x{20000}-\\x{2FA1F}]");

  /** The first of the characters that stand for bytes. */
  private static final int FIRST_BYTE = 0x100;

  private final List<Step> steps = new ArrayList<>();
  private long growth = 1;

  /**
   * One of them.
   *
   * @param growth the most chars that it makes of one
   * @param made the text that it makes of another; null if that is not known
   * @param length the most chars of what it makes of a text
   */
  private record Step(int growth, UnaryOperator<String> made, ToLongFunction<String> length) {}

  private void known(int mostGrowth, UnaryOperator<String> made) {
    add(new Step(mostGrowth, made, null));
  }

  private void add(Step step) {
    steps.add(step);
    growth = Math.min(growth * step.growth(), Integer.MAX_VALUE);
  }

  /** A normal form of Unicode; what each makes of a char at most is in its annex 15. */
  void form(Normalizer.Form form) {
    int most =
        switch (form) {
          case NFC -> 3;
          case NFD -> 4;
          case NFKC, NFKD -> 18;
        };
    known(most, text -> Normalizer.normalize(text, form));
  }

  /** Small letters: U+0130 becomes two characters. */
  void lowercase() {
    known(2, text -> text.toLowerCase(Locale.ROOT));
  }

  /** A character for each byte. */
  void bytes() {
    known(3, NormalizerSteps::asBytes);
  }

  private static String asBytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder characters = new StringBuilder(bytes.length);
    for (byte value : bytes) {
      characters.append((char) (FIRST_BYTE + (value & 0xff)));
    }
    return characters.toString();
  }

  /** BertNormalizer with all that it may do: spaces around ideographs, accents taken apart. */
  void bert() {
    known(3, text -> IDEOGRAPHS.matcher(text).replaceAll(" $0 "));
    form(Normalizer.Form.NFD);
    lowercase();
  }

  /** A text before each piece between special tokens, which take at least one char each. */
  void prepend(String prefix) {
    int length = prefix.length();
    add(
        new Step(
            1 + length,
            length <= 1 ? text -> prefix + text : null,
            text -> text.length() + (long) length * (1 + text.length() / 2)));
  }

  /** A text in place of another. */
  void replace(String text, String content) {
    known(factor(content.length(), text.length()), whole -> whole.replace(text, content));
  }

  /** A text in place of what an expression finds, which is one char at least. */
  void replaceMatches(String content) {
    int most = factor(content.length(), 1);
    add(new Step(most, null, text -> (long) most * text.length()));
  }

  private static int factor(int content, int pattern) {
    return Math.max(1, (content + pattern - 1) / pattern);
  }

  /** A map of characters. */
  void precompiled(PrecompiledMap map) {
    add(new Step(map.mostGrowth(), null, map::mostLength));
  }

  /** The most chars that they make of one. */
  long growth() {
    return growth;
  }

  /**
   * The text that they make, which is not known once it has more than some chars.
   *
   * @param most chars
   */
  NormalizedText of(String text, long most) {
    String made = text;
    long length = text.length();
    long longest = length;
    for (Step step : steps) {
      if (made == null) {
        length *= step.growth();
      } else {
        String next = step.made() == null ? null : step.made().apply(made);
        length = step.length() == null ? next.length() : step.length().applyAsLong(made);
        made = next;
      }
      longest = Math.max(longest, length);
      if (longest > most) {
        return new NormalizedText(null, longest);
      }
    }
    return new NormalizedText(made, longest);
  }
}
