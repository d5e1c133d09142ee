package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import java.util.HashSet;
import java.util.List;

/** Names of labels, one of which a row gets. */
public final class LabelNames {

  private static final int MOST = 500;

  private LabelNames() {}

  /**
   * Checks names.
   *
   * @param function who wants them
   * @throws StrataException if there are none or too many, one is no name, or two are the same
   */
  public static void check(String function, List<String> labels) {
    boolean areNames = labels.stream().noneMatch(name -> name == null || name.isBlank());
    if (labels.isEmpty() || !areNames || new HashSet<>(labels).size() < labels.size()) {
      throw StrataException.usage(
          "%s: the labels are %s; they must be names, all different", function, labels);
    }
    if (labels.size() > MOST) {
      throw StrataException.usage(
          "%s: there are %d labels; there may be %d", function, labels.size(), MOST);
    }
  }
}
