package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Labels that are the same for all rows. */
final class Labels {

  private Labels() {}

  /**
   * Checks them.
   *
   * @throws StrataException if there are none, or two are the same
   */
  static void check(String function, List<String> labels) {
    boolean areNames = labels.stream().noneMatch(String::isBlank);
    if (labels.isEmpty() || !areNames || new HashSet<>(labels).size() < labels.size()) {
      throw StrataException.usage(
          "%s: the labels are %s; they must be names, all different", function, labels);
    }
  }

  /** Those of a constant argument. */
  static List<String> of(Object constant) {
    List<String> labels = new ArrayList<>();
    for (Object label : (List<?>) constant) {
      labels.add(label == null ? "" : label.toString());
    }
    return List.copyOf(labels);
  }
}
