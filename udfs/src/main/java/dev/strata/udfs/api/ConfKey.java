package dev.strata.udfs.api;

import java.util.Locale;

/**
 * One {@code spark.strata.*} key.
 *
 * @param name the whole name, such as {@code spark.strata.device.memory}
 * @param type what its values are
 * @param otherwise the value where none is set; null for none
 * @param doc one sentence for people
 */
public record ConfKey<T>(String name, ConfType<T> type, T otherwise, String doc) {

  static final String PREFIX = "spark.strata.";

  /**
   * The command line's name of the key: {@code spark.strata.maxNewTokens} is {@code
   * --max-new-tokens} there.
   */
  public String option() {
    String leaf = name.substring(PREFIX.length());
    String words = leaf.replaceAll("([a-z])([A-Z])", "$1-$2").replace('.', '-');
    return "--" + words.toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a value.
   *
   * @throws StrataException if it is not of the key's type
   */
  T parse(String value) {
    try {
      return type.parse(value);
    } catch (IllegalArgumentException e) {
      throw new StrataException(
          StrataException.Fault.USAGE,
          "%s (%s) is '%s'; it must be %s".formatted(option(), name, value, type.label()),
          e);
    }
  }
}
