package dev.strata.udfs.tools;

import dev.strata.udfs.api.StrataException.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Java and Spark. */
final class Platform {

  private static final Pattern SPARK_CORE =
      Pattern.compile("spark-core_(?<scala>[\\d.]+)-(?<spark>(?<major>\\d+)\\..*)\\.jar");

  private Platform() {}

  static Finding java(int version, String vendor) {
    String text = "%d, %s".formatted(version, vendor);
    return version == 17 || version == 21
        ? Finding.ok("Java", text)
        : Finding.warning(
            "Java", text + "; Spark 4 is at home on Java 17 and 21, install one of these");
  }

  /** Says which type suits the processor where it does the mathematics. */
  static Finding processor(int cores, boolean bfloat16) {
    String text = "%d cores; on it, float32 is ".formatted(cores);
    return Finding.ok(
        "processor",
        bfloat16
            ? text + "the default, and it has units for bfloat16: --compute-type bfloat16"
            : text + "the type to take: it has no units for bfloat16");
  }

  /**
   * Looks at a Spark installation's jars.
   *
   * @param home its directory, null for none
   */
  static Finding spark(String home) {
    if (home == null) {
      return Finding.failed(
          "Spark",
          Fault.USAGE,
          "there is none; build it with ./mvnw -B -DskipTests package, or set SPARK_HOME");
    }
    Optional<Matcher> core = core(Path.of(home, "jars"));
    if (core.isEmpty()) {
      return Finding.failed(
          "Spark",
          Fault.USAGE,
          "there is no spark-core in %s/jars; set SPARK_HOME to a Spark 4".formatted(home));
    }
    Matcher found = core.get();
    String text =
        "%s for Scala %s in %s".formatted(found.group("spark"), found.group("scala"), home);
    return found.group("major").equals("4") && found.group("scala").equals("2.13")
        ? Finding.ok("Spark", text)
        : Finding.failed("Spark", Fault.USAGE, text + "; Strata needs Spark 4 for Scala 2.13");
  }

  private static Optional<Matcher> core(Path jars) {
    try (Stream<Path> files = Files.list(jars)) {
      return files
          .map(file -> SPARK_CORE.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
