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
        .min(Comparator.comparingInt(name -> edits(wrong, name)));
  }

  private static int edits(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
