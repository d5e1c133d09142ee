package dev.strata.udfs.mutants;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Compiles each mutant's class and runs its tests with it. The sources stay as they are. A mutant
 * is killed if a test fails or none comes to an end.
 */
final class MutantRun {

  private static final Path WORK = Path.of("target", "mutants");
  private static final String CLASSES = System.getProperty("java.class.path");
  private static final long LIMIT_SECONDS = 120;

  private MutantRun() {}

  public static void main(String[] names) throws IOException, InterruptedException {
    List<Mutant> mutants = new ArrayList<>(Mutant.all());
    mutants.removeIf(m -> names.length > 0 && Stream.of(names).noneMatch(m.name()::contains));
    List<String> tests = mutants.stream().flatMap(m -> m.tests().stream()).distinct().toList();
    if (!run(CLASSES, tests).equals("SURVIVED")) {
      System.err.println("the tests fail without any mutant: " + tests);
      System.exit(2);
    }
    int survived = 0;
    for (Mutant mutant : mutants) {
      long start = System.nanoTime();
      String result = run(compile(mutant) + File.pathSeparator + CLASSES, mutant.tests());
      System.out.printf(
          "%-9s %3d s  %s%n", result, (System.nanoTime() - start) / 1_000_000_000, mutant.name());
      survived += result.equals("killed") ? 0 : 1;
    }
    System.out.printf("%d mutants, %d survived%n", mutants.size(), survived);
    System.exit(survived == 0 ? 0 : 1);
  }

  /** Returns the folder of the classes. */
  private static Path compile(Mutant mutant) throws IOException {
    Path folder = WORK.resolve(mutant.name().replaceAll("\\W+", "-"));
    Path source = folder.resolve("source").resolve(mutant.file());
    Path classes = Files.createDirectories(folder.resolve("classes"));
    Files.createDirectories(source.getParent());
    Files.writeString(source, mutant.mutated());
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-nowarn",
                "-cp",
                CLASSES,
                "-d",
                classes.toString(),
                source.toString());
    if (result != 0) {
      throw new IllegalStateException("the mutant '" + mutant.name() + "' does not compile");
    }
    return classes;
  }

  private static String run(String classPath, List<String> tests)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                classPath,
                MutantTests.class.getName()));
    command.addAll(tests);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OPT_OUT_TRACKING", "true");
    builder.environment().put("DJL_OFFLINE", "true");
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(Files.createDirectories(WORK).resolve("tests.log").toFile())
            .start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      return "killed";
    }
    return switch (process.exitValue()) {
      case MutantTests.PASSED -> "SURVIVED";
      case MutantTests.FAILED -> "killed";
      default -> "BROKEN";
    };
  }
}
