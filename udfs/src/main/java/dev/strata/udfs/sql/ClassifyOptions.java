package dev.strata.udfs.sql;

import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The options of {@code ai_classify}, a MAP of texts.
 *
 * @param multiLabel whether each label is asked about by itself
 * @param instructions what prompts begin with; empty for nothing
 * @param version which form of labels and result is meant; null for that of the labels
 */
record ClassifyOptions(boolean multiLabel, String instructions, String version) {

  private static final String MULTI_LABEL = "multilabel";
  private static final String INSTRUCTIONS = "instructions";
  private static final String VERSION = "version";
  private static final List<String> NAMES = List.of(INSTRUCTIONS, MULTI_LABEL, VERSION);
  private static final List<String> VERSIONS = List.of("1.0", "2.0");

  /**
   * Reads them.
   *
   * @param constant null for none
   * @throws StrataException if one is not known, or makes no sense
   */
  static ClassifyOptions of(Object constant) {
    if (constant != null && !(constant instanceof Map<?, ?>)) {
      throw StrataException.usage(
          "ai_classify: the options are %s; they must be a map such as map('multilabel', 'true')",
          constant);
    }
    boolean multiLabel = false;
    String instructions = "";
    String version = null;
    for (Map.Entry<?, ?> option :
        constant == null
            ? Map.<Object, Object>of().entrySet()
            : ((Map<?, ?>) constant).entrySet()) {
      String value = String.valueOf(option.getValue());
      switch (known(String.valueOf(option.getKey()))) {
        case MULTI_LABEL -> multiLabel = flag(value);
        case INSTRUCTIONS -> instructions = value.strip();
        default -> version = version(value);
      }
    }
    return new ClassifyOptions(multiLabel, instructions, version);
  }

  private static String known(String name) {
    return NAMES.stream()
        .filter(name::equalsIgnoreCase)
        .findFirst()
        .orElseThrow(
            () ->
                StrataException.usage(
                    "ai_classify: the options name '%s'%s; those are %s",
                    name, Nearest.hint(name, NAMES), String.join(", ", NAMES)));
  }

  private static boolean flag(String value) {
    return switch (value.strip().toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw StrataException.usage(
              "ai_classify: %s is '%s'; it must be 'true' or 'false'", MULTI_LABEL, value);
    };
  }

  private static String version(String value) {
    if (!VERSIONS.contains(value)) {
      throw StrataException.usage(
          "ai_classify: %s is '%s'; it may be %s", VERSION, value, String.join(" or ", VERSIONS));
    }
    return value;
  }

  /**
   * Refuses what does not go with the labels.
   *
   * @throws StrataException if something does not
   */
  void check(boolean areJson) {
    if (multiLabel && !areJson) {
      throw StrataException.usage(
          "ai_classify: %s needs labels in JSON such as '[\"a\", \"b\"]', whose result has room for"
              + " several; labels in an ARRAY give one STRING",
          MULTI_LABEL);
    }
    if (version != null && version.equals(VERSIONS.get(0)) == areJson) {
      throw StrataException.usage(
          "ai_classify: %s is '%s', but the labels are %s; version 1.0 has an ARRAY and gives a"
              + " STRING, version 2.0 has JSON and gives a VARIANT",
          VERSION, version, areJson ? "JSON" : "an ARRAY");
    }
  }
}
