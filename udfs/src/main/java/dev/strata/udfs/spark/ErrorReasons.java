package dev.strata.udfs.spark;

import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Why rows have errors. Errors that differ in numbers and quoted values alone are of one kind, so
 * that a thousand prompts that are too long have one reason.
 *
 * @param kinds by what all errors of a kind have in common
 */
public record ErrorReasons(Map<String, Kind> kinds) implements Serializable {

  /** No row has an error. */
  public static final ErrorReasons NONE = new ErrorReasons(Map.of());

  /** Kinds that are told apart; the others are counted together. */
  private static final int MOST_KINDS = 32;

  private static final int MOST_CHARS = 300;

  private static final String OTHERS = "other errors";

  /** What differs from row to row: numbers, texts in quotes. */
  private static final Pattern OWN =
      Pattern.compile("\\d+(?:[.,]\\d+)*|'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"");

  /**
   * Errors of one kind.
   *
   * @param rows how many
   * @param example one of them, the first by the alphabet
   * @param isSame whether all are spelled like the example
   */
  public record Kind(long rows, String example, boolean isSame) implements Serializable {

    private Kind plus(Kind other) {
      boolean isSmaller = example.compareTo(other.example) <= 0;
      return new Kind(
          rows + other.rows,
          isSmaller ? example : other.example,
          isSame && other.isSame && example.equals(other.example));
    }

    /** For a person. */
    public String text() {
      return isSame ? example : "such as: " + example;
    }
  }

  public ErrorReasons {
    kinds = Map.copyOf(kinds);
  }

  /** That of one row. */
  public static ErrorReasons of(String error) {
    String shown = error.length() <= MOST_CHARS ? error : error.substring(0, MOST_CHARS) + "...";
    return new ErrorReasons(Map.of(OWN.matcher(shown).replaceAll("#"), new Kind(1, shown, true)));
  }

  /** Those of several rows. */
  public static ErrorReasons of(Stream<String> errors) {
    return errors.map(ErrorReasons::of).reduce(NONE, ErrorReasons::plus);
  }

  /** Those of all rows. */
  public ErrorReasons plus(ErrorReasons other) {
    if (other.kinds.isEmpty() || kinds.isEmpty()) {
      return kinds.isEmpty() ? other : this;
    }
    Map<String, Kind> all = new TreeMap<>(kinds);
    other.kinds.forEach(
        (name, kind) -> {
          boolean hasRoom = all.containsKey(name) || all.size() < MOST_KINDS;
          Kind counted = hasRoom ? kind : new Kind(kind.rows(), OTHERS, true);
          all.merge(hasRoom ? name : OTHERS, counted, Kind::plus);
        });
    return new ErrorReasons(all);
  }

  /** How many rows have errors. */
  public long rows() {
    return kinds.values().stream().mapToLong(Kind::rows).sum();
  }

  /** The kinds, the most frequent first. */
  public List<Kind> byFrequency() {
    return kinds.values().stream()
        .sorted(Comparator.comparingLong(Kind::rows).reversed().thenComparing(Kind::example))
        .toList();
  }
}
