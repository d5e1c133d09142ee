package dev.strata.udfs.tensor;

import ai.djl.util.Utils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * The directory that PyTorch's natives are extracted to from the class path, once for each user of
 * a machine, before they are loaded.
 */
public final class NativeCache {

  private static final String DESCRIPTION = "native/lib/pytorch.properties";

  /** Where natives are that nobody has to extract. */
  static final String LIBRARY_PATH = "PYTORCH_LIBRARY_PATH";

  private NativeCache() {}

  /**
   * Natives that are to be extracted.
   *
   * @param directory where to
   * @param bytes that they take there
   */
  public record Missing(Path directory, long bytes) {}

  /** The directory. */
  public static Path directory() {
    return Utils.getEngineCacheDir("pytorch");
  }

  /** What is going to be extracted, at the least; empty where it is there. */
  public static Optional<Missing> missing() {
    return System.getenv(LIBRARY_PATH) != null || System.getProperty(LIBRARY_PATH) != null
        ? Optional.empty()
        : missing(NativeCache.class.getClassLoader(), directory());
  }

  static Optional<Missing> missing(ClassLoader loader, Path directory) {
    List<Missing> found = new ArrayList<>();
    try {
      for (URL description : loader.resources(DESCRIPTION).toList()) {
        Optional<Missing> missing = missing(loader, directory, read(description));
        if (missing.isEmpty()) {
          return missing; // perhaps those that are going to be loaded
        }
        found.add(missing.get());
      }
    } catch (IOException e) {
      return Optional.empty(); // whoever extracts them says so
    }
    return found.stream().min(Comparator.comparingLong(Missing::bytes));
  }

  private static Properties read(URL description) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = description.openStream()) {
      properties.load(in);
    }
    return properties;
  }

  private static Optional<Missing> missing(ClassLoader loader, Path directory, Properties natives)
      throws IOException {
    String flavor = natives.getProperty("flavor", "");
    String classifier = natives.getProperty("classifier", "");
    Path own =
        directory.resolve(String.join("-", natives.getProperty("version", ""), flavor, classifier));
    if (Files.isDirectory(own)) {
      return Optional.empty();
    }
    long bytes = 0;
    for (String library : natives.getProperty("libraries", "").split(",", -1)) {
      URL file = loader.getResource(String.join("/", "pytorch", flavor, classifier, library));
      bytes += file == null ? 0 : Math.max(0, file.openConnection().getContentLengthLong());
    }
    return Optional.of(new Missing(directory, bytes));
  }
}
