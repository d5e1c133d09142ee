package dev.strata.job.it;

import dev.strata.job.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Classes that executors find before those of the jar. */
public final class StandIns {

  private static final Path JAR = Demo.ROOT.resolve("job/target/strata.jar");

  private StandIns() {}

  /**
   * Compiles classes against the jar.
   *
   * @param directory where sources are, and classes can be
   * @param files the sources' names
   * @return the settings of executors that have the classes
   */
  public static List<String> settings(Path directory, String... files) throws IOException {
    Path classes = Files.createDirectory(directory.resolve("classes"));
    List<String> words =
        new ArrayList<>(List.of("-proc:none", "-cp", JAR.toString(), "-d", classes.toString()));
    Arrays.stream(files).map(directory::resolve).map(Path::toString).forEach(words::add);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler.run(null, null, null, words.toArray(String[]::new)) != 0) {
      throw new IllegalStateException("the classes do not compile");
    }
    return List.of(
        "--conf", "spark.executor.extraClassPath=" + Launcher.SPARK + ":" + classes + ":" + JAR);
  }
}
