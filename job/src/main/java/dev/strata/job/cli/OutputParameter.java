package dev.strata.job.cli;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The output that a command is about, which is named without an option. */
final class OutputParameter {

  private OutputParameter() {}

  static void add(CommandSpec spec) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("<output>")
            .type(String.class)
            .arity("0..1")
            .description("The output of a run: a directory.")
            .build());
  }

  /**
   * Which one.
   *
   * @param settings where its key may name it, as in a properties file
   * @throws StrataException if none is named
   */
  static String of(ParseResult command, Map<String, String> settings) {
    String named = command.matchedPositionalValue(0, settings.get(StrataKeys.OUTPUT.name()));
    if (named == null || named.isBlank()) {
      String word = command.commandSpec().name();
      throw StrataException.usage("which output? Name it, as in: strata %s /data/out", word);
    }
    return named;
  }
}
