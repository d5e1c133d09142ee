package dev.strata.job;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The repository, the model that it ships and what that can do. */
public final class Demo {

  public static final Path ROOT = Path.of(System.getProperty("strata.root"));
  public static final Path MODEL = ROOT.resolve("datasets/demo-model");

  private Demo() {}

  /** The words that have the model translate the sentences. */
  public static List<String> translation(Path output, String... options) {
    return Stream.concat(
            Stream.of(
                "translate",
                "--to-language",
                "French",
                "--model",
                MODEL.toString(),
                "--input",
                ROOT.resolve("datasets/sentences.json").toString(),
                "--output",
                output.toString()),
            Arrays.stream(options))
        .toList();
  }
}
