package dev.strata.udfs.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Runs of characters that an expression looks at again from each of their characters, as {@code
 * \s+$} does spaces in the middle of a text: a run takes the square of its length. Expressions of
 * published tokenizers that look as if they did ({@code \s*[\r\n]+}) have an alternative that takes
 * the run once the others failed, so they are tried on runs, and the steps counted.
 */
final class RescannedRuns {

  /** The most characters of such a run, which take up to a second. */
  static final int MOST_CHARS = 1 << 14;

  private static final int TRIED = 256;
  private static final int ENOUGH = 16 * TRIED;

  /** What a run may be followed by, and what it may be made of. */
  private static final String PROBES = " aA1!_,\n\té中";

  private static final Pattern SCRIPT = Pattern.compile("\\\\([pP])\\{(\\^?)([A-Za-z]{3,})}");

  private RescannedRuns() {}

  /**
   * The sets of characters whose runs are looked at again.
   *
   * @param loops the sets that the expression repeats
   */
  static List<BitSet> of(String expression, List<BitSet> loops) {
    Pattern pattern = compiled(expression);
    return pattern == null
        ? loops
        : loops.stream().filter(loop -> isRescanned(pattern, loop)).toList();
  }

  /** As Java reads it, which is near enough; null where it does not. */
  private static Pattern compiled(String expression) {
    for (String form :
        new String[] {expression, SCRIPT.matcher(expression).replaceAll("\\\\$1{Is$3}")}) {
      try {
        return Pattern.compile(form, Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE);
      } catch (PatternSyntaxException e) {
        // Of another dialect.
      }
    }
    return null;
  }

  private static boolean isRescanned(Pattern pattern, BitSet loop) {
    return members(loop).stream()
        .anyMatch(
            member ->
                PROBES
                    .codePoints()
                    .anyMatch(
                        end ->
                            isRescanned(
                                pattern,
                                Character.toString(member).repeat(TRIED)
                                    + Character.toString(end))));
  }

  private static List<Integer> members(BitSet loop) {
    List<Integer> members = new ArrayList<>();
    PROBES.codePoints().filter(code -> CharacterSets.contains(loop, code)).forEach(members::add);
    if (members.isEmpty()) {
      CharacterSets.first(loop).ifPresent(members::add);
    }
    return members;
  }

  /**
   * Tries one place after another, as the library does: Java's own search remembers from place to
   * place what did not match.
   */
  private static boolean isRescanned(Pattern pattern, String text) {
    CountedText counted = new CountedText(text);
    Matcher matcher = pattern.matcher(counted).useTransparentBounds(true);
    matcher.useAnchoringBounds(false);
    int place = 0;
    while (counted.reads <= ENOUGH && place < text.length()) {
      matcher.region(place, text.length());
      boolean matches = matcher.lookingAt() && matcher.end() > place;
      place = matches ? matcher.end() : place + 1;
    }
    return counted.reads > ENOUGH;
  }

  /** The length of the longest run in a text. */
  static int longest(String text, BitSet set) {
    int longest = 0;
    int run = 0;
    int code;
    for (int i = 0; i < text.length(); i += Character.charCount(code)) {
      code = text.codePointAt(i);
      run = CharacterSets.contains(set, code) ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  /** A text that counts how often it is looked at. */
  private static final class CountedText implements CharSequence {
    private final String text;
    private int reads;

    CountedText(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      reads++;
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
