package dev.strata.udfs.live;

import dev.strata.udfs.spark.ErrorReasons;
import java.util.Map;
import java.util.TreeMap;

/**
 * Why rows failed, without anything that is a row's own: numbers and quoted texts are left out, and
 * what follows a colon, where errors say whatever others told them.
 */
final class ErrorKinds {

  private static final int MOST_CHARS = 120;

  private ErrorKinds() {}

  /** How many rows failed, by what their errors have in common. */
  static Map<String, Long> of(ErrorReasons reasons) {
    Map<String, Long> kinds = new TreeMap<>();
    reasons.kinds().forEach((common, kind) -> kinds.merge(shown(common), kind.rows(), Long::sum));
    return kinds;
  }

  private static String shown(String common) {
    int colon = common.indexOf(": ");
    String head = colon < 0 ? common : common.substring(0, colon);
    return head.length() <= MOST_CHARS ? head : head.substring(0, MOST_CHARS) + "...";
  }
}
