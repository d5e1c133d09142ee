package dev.strata.udfs.api;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that somebody may have meant. */
public final class Nearest {

  private Nearest() {}

  /** A clause such as {@code "; did you mean 'text'?"}, or nothing where no name is near. */
  public static String hint(String wrong, Collection<String> names) {
    return to(wrong, names).map(name -> "; did you mean '" + name + "'?").orElse("");
  }

  /** The name with the fewest edits from {@code wrong}, if those are few for its length. */
  static Optional<String> to(String wrong, Collection<String> names) {
    int most = (wrong.length() + 2) / 3;
    return names.stream()
        .filter(name -> edits(wrong, name) <= most)
        .min(
            Comparator.<String>comparingInt(name -> edits(wrong, name))
                .thenComparingInt(name -> Math.abs(name.length() - wrong.length())));
  }

  /** Letters that are missing, too many, others, or change places with the next. */
  private static int edits(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[][] edits = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        edits[i][j] = i == 0 || j == 0 ? i + j : least(edits, a, b, i, j);
      }
    }
    return edits[a.length()][b.length()];
  }

  private static int least(int[][] edits, String a, String b, int i, int j) {
    int changed = edits[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
    int least = Math.min(changed, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(least, 1 + edits[i - 2][j - 2]) : least;
  }
}
