package dev.strata.job;

import java.io.IOException;
import java.nio.file.Files;
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

  /** A copy of the model that a test may change, in a directory that it has. */
  public static Path copyOfModel(Path directory) throws IOException {
    Path copy = Files.createDirectory(directory.resolve("model"));
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }
}
