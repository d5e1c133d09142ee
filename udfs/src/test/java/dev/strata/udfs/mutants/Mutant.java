package dev.strata.udfs.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A fault that some test must find.
 *
 * @param file under the module's sources, with the package's folder
 * @param text what is replaced; occurs once
 * @param with what replaces it
 * @param tests names of test classes
 */
record Mutant(String name, String file, String text, String with, List<String> tests) {

  private static final String PACKAGE = "dev/strata/udfs/";
  private static final Path MODULE = Path.of(System.getProperty("strata.root", ".."), "udfs");

  /** All mutants of the list. */
  static List<Mutant> all() throws IOException {
    List<Mutant> all = new ArrayList<>();
    for (String block :
        Files.readString(MODULE.resolve("src/test/mutants/mutants.txt")).split("\n\n", -1)) {
      if (!block.startsWith("#")) {
        all.add(parse(block));
      }
    }
    return all;
  }

  private static Mutant parse(String block) {
    Map<String, String> fields = new HashMap<>();
    for (String line : block.strip().split("\n", -1)) {
      String[] field = line.split(" +", 2);
      fields.put(field[0], field[1]);
    }
    if (!fields.keySet().containsAll(List.of("mutant", "file", "text", "tests"))) {
      throw new IllegalArgumentException("not a mutant: " + block);
    }
    return new Mutant(
        fields.get("mutant"),
        PACKAGE + fields.get("file"),
        fields.get("text"),
        fields.getOrDefault("with", ""),
        List.of(fields.get("tests").split(" +", -1)));
  }

  /** How often the text occurs. */
  int occurrences() throws IOException {
    return source().split(Pattern.quote(text), -1).length - 1;
  }

  private String source() throws IOException {
    return Files.readString(MODULE.resolve("src/main/java").resolve(file));
  }

  /**
   * The source with the fault in it.
   *
   * @throws IllegalStateException if the text does not occur exactly once
   */
  String mutated() throws IOException {
    if (occurrences() != 1) {
      throw new IllegalStateException(
          String.format("'%s' occurs %d times in %s", text, occurrences(), file));
    }
    return source().replace(text, with);
  }
}
