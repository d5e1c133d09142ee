package dev.strata.job.cli;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.tools.CheckpointShape;
import dev.strata.udfs.tools.KnownShapes;
import dev.strata.udfs.tools.benchmark.Benchmark;
import dev.strata.udfs.tools.benchmark.BenchmarkOptions;
import dev.strata.udfs.tools.benchmark.BenchmarkReport;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code strata benchmark}: measures the engine against what the machine could do. Works without
 * Spark.
 */
final class BenchmarkCommand {

  static final String WORD = "benchmark";

  private static final List<ConfKey<?>> KEYS =
      List.of(
          StrataKeys.MODEL,
          StrataKeys.DEVICE,
          StrataKeys.DEVICE_MEMORY,
          StrataKeys.HOST_MEMORY,
          StrataKeys.WEIGHTS_MEMORY,
          StrataKeys.COMPUTE_TYPE,
          StrataKeys.KV_TYPE,
          StrataKeys.IO,
          StrataKeys.TILE_SIZE,
          StrataKeys.WAVE_SIZE,
          StrataKeys.MICROBATCH_TOKENS,
          StrataKeys.THREADS);

  private static final String SHAPE = "--shape";
  private static final String LAYERS = "--layers";
  private static final String EXPERT_SKEW = "--expert-skew";
  private static final String PROMPTS = "--prompts";
  private static final String PROMPT_TOKENS = "--prompt-tokens";
  private static final String NEW_TOKENS = "--new-tokens";
  private static final String DIRECTORY = "--directory";
  private static final String JSON = "--json";
  private static final String TIMELINE = "--timeline";
  private static final String COMPARE = "--compare";
  private static final String ROW_BY_ROW = "row-by-row";

  private static final double MOST_SKEW = 4;
  private static final int DEFAULT_PROMPTS = 64;
  private static final int DEFAULT_PROMPT_TOKENS = 512;
  private static final int DEFAULT_NEW_TOKENS = 16;
  private static final String TEMPORARY = System.getProperty("java.io.tmpdir");

  /** Nobody listens to the libraries' log where there is no Spark, and they would say so. */
  private static final String LOG_SILENCE = "slf4j.internal.verbosity";

  private BenchmarkCommand() {}

  /** Adds the command's own options, and those that are names for keys. */
  static void describe(CommandSpec spec) {
    spec.usageMessage()
        .description("Measures the engine on random prompts, against what this machine could do.")
        .abbreviateSynopsis(true);
    text(spec, SHAPE, "<name>", "A model of random numbers: " + shapes() + ".");
    number(spec, LAYERS, "Layers of that model; default: all of its shape.");
    spec.addOption(
        OptionSpec.builder(EXPERT_SKEW)
            .type(Double.class)
            .paramLabel("<exponent>")
            .description(
                "How far experts differ in how often that model's tokens choose them: the one of"
                    + " rank r by r to the power of its negative; 0 for all alike. Default: 0.5.")
            .build());
    text(spec, DIRECTORY, "<directory>", "Where it is kept. Default: " + TEMPORARY + ".");
    number(spec, PROMPTS, "How many prompts. Default: " + DEFAULT_PROMPTS + ".");
    number(spec, PROMPT_TOKENS, "Tokens of each. Default: " + DEFAULT_PROMPT_TOKENS + ".");
    number(spec, NEW_TOKENS, "Tokens that each gets. Default: " + DEFAULT_NEW_TOKENS + ".");
    KEYS.forEach(key -> spec.addOption(Options.of(key)));
    text(spec, JSON, "<file>", "A file to write all figures to, as JSON.");
    text(
        spec,
        TIMELINE,
        "<file.svg>",
        "A file to draw a decoding sweep to; one with prompts goes to <file>.prefill.svg.");
    text(
        spec,
        COMPARE,
        "<with>",
        ROW_BY_ROW + ": also run some rows one after another, and time a sweep's parts alone.");
  }

  private static void text(CommandSpec spec, String name, String label, String doc) {
    spec.addOption(
        OptionSpec.builder(name).type(String.class).paramLabel(label).description(doc).build());
  }

  private static void number(CommandSpec spec, String name, String doc) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(Integer.class)
            .paramLabel("<number>")
            .description(doc)
            .build());
  }

  private static String shapes() {
    return String.join(", ", KnownShapes.names());
  }

  /**
   * Measures and prints.
   *
   * @param out gets the table
   * @param err hears what is going on
   */
  static int run(ParseResult command, PrintStream out, PrintStream err)
      throws IOException, InterruptedException {
    if (System.getProperty(LOG_SILENCE) == null) {
      System.setProperty(LOG_SILENCE, "ERROR");
    }
    BenchmarkReport report = Benchmark.run(options(command), err);
    out.print(report.text());
    String json = command.matchedOptionValue(JSON, null);
    if (json != null) {
      Files.writeString(Path.of(json), report.json());
    }
    String timeline = command.matchedOptionValue(TIMELINE, null);
    if (timeline != null) {
      write(timeline, report.decodeTimeline());
      write(timeline.replaceFirst("(\\.svg)?$", ".prefill.svg"), report.prefillTimeline());
    }
    return CommandLine.ExitCode.OK;
  }

  private static void write(String file, Optional<String> text) throws IOException {
    if (text.isPresent()) {
      Files.writeString(Path.of(file), text.get());
    }
  }

  private static BenchmarkOptions options(ParseResult command) {
    Map<String, String> settings = Submitted.settings();
    settings.putAll(Options.settings(command));
    CheckpointShape shape = shape(command);
    boolean named = command.hasMatchedOption(StrataKeys.MODEL.option());
    if (shape == null ? !settings.containsKey(StrataKeys.MODEL.name()) : named) {
      throw StrataException.usage("give either %s or %s", SHAPE, StrataKeys.MODEL.option());
    }
    if (shape != null) {
      settings.put(StrataKeys.MODEL.name(), directory(command, shape).toString());
    }
    int promptTokens = atLeastOne(command, PROMPT_TOKENS, DEFAULT_PROMPT_TOKENS);
    int newTokens = atLeastOne(command, NEW_TOKENS, DEFAULT_NEW_TOKENS);
    settings.putIfAbsent(StrataKeys.ROW_TOKENS.name(), Integer.toString(promptTokens + newTokens));
    return new BenchmarkOptions(
        StrataConf.of(settings).engineOptions(),
        shape,
        atLeastOne(command, PROMPTS, DEFAULT_PROMPTS),
        promptTokens,
        newTokens,
        comparesRowByRow(command),
        "strata " + String.join(" ", command.originalArgs()));
  }

  /** Null for a model that is there. */
  private static CheckpointShape shape(ParseResult command) {
    String name = command.matchedOptionValue(SHAPE, null);
    if (name != null) {
      CheckpointShape shape = KnownShapes.named(name);
      return skewed(command, shape.withLayers(atLeastOne(command, LAYERS, shape.layers())));
    }
    for (String option : List.of(LAYERS, EXPERT_SKEW, DIRECTORY)) {
      if (command.hasMatchedOption(option)) {
        throw StrataException.usage("%s is for models of a %s", option, SHAPE);
      }
    }
    return null;
  }

  private static CheckpointShape skewed(ParseResult command, CheckpointShape shape) {
    Double skew = command.matchedOptionValue(EXPERT_SKEW, null);
    if (skew == null) {
      return shape;
    }
    if (!(skew >= 0 && skew <= MOST_SKEW)) {
      throw StrataException.usage(
          "%s is %s; it must be between 0 and %s", EXPERT_SKEW, skew, MOST_SKEW);
    }
    return shape.withExpertSkew(skew);
  }

  private static Path directory(ParseResult command, CheckpointShape shape) {
    String directory = command.matchedOptionValue(DIRECTORY, TEMPORARY);
    boolean isUsual = !command.hasMatchedOption(EXPERT_SKEW);
    return Path.of(
        directory,
        "strata-%s-%d%s"
            .formatted(shape.name(), shape.layers(), isUsual ? "" : "-skew-" + shape.expertSkew()));
  }

  private static int atLeastOne(ParseResult command, String option, int otherwise) {
    int value = command.matchedOptionValue(option, otherwise);
    if (value < 1) {
      throw StrataException.usage("%s is %d; it must be at least 1", option, value);
    }
    return value;
  }

  private static boolean comparesRowByRow(ParseResult command) {
    String with = command.matchedOptionValue(COMPARE, null);
    if (with != null && !with.equals(ROW_BY_ROW)) {
      throw StrataException.usage("%s is '%s'; it must be %s", COMPARE, with, ROW_BY_ROW);
    }
    return with != null;
  }
}
