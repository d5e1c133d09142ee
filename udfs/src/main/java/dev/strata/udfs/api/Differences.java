package dev.strata.udfs.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What one run was told otherwise than another. */
public final class Differences {

  private static final String DIGEST = "\\p{XDigit}{8,}";

  private Differences() {}

  /**
   * What differs, such as {@code --temperature was 0.7 and is 0.2}, by name; empty if nothing does.
   *
   * @param was what the one was told, by what it is called in messages; digests, which no option
   *     has, say nothing to a person: only that they differ is said of them
   */
  public static List<String> between(Map<String, String> was, Map<String, String> is) {
    TreeSet<String> names = new TreeSet<>(was.keySet());
    names.addAll(is.keySet());
    List<String> different = new ArrayList<>();
    for (String name : names) {
      String before = was.get(name);
      String now = is.get(name);
      if (before == null) {
        different.add(name + " is new");
      } else if (now == null) {
        different.add(name + " is gone");
      } else if (!before.equals(now)) {
        different.add(
            !name.startsWith("-") && before.matches(DIGEST)
                ? name + " changed"
                : "%s was %s and is %s".formatted(name, before, now));
      }
    }
    return different;
  }
}
