package dev.strata.job.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Scripts of the repository, run with stand-ins for what they call. */
final class Scripts {

  static final Path ROOT = Path.of(System.getProperty("strata.root"));

  /** What the launcher reads and calls. */
  private static final List<String> LAUNCHER =
      List.of(
          "submit-scripts/strata",
          "submit-scripts/devices.sh",
          "submit-scripts/check-gpus.sh",
          "submit-scripts/gpu-natives.sh",
          "conf/discover-gpus.sh");

  private Scripts() {}

  /**
   * What a script left behind.
   *
   * @param text on standard output and standard error
   */
  record Result(int exitCode, String text) {}

  static Result run(Map<String, String> environment, String... command) throws Exception {
    Process process = start(environment, command);
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text.strip());
  }

  static Process start(Map<String, String> environment, String... command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true);
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(STRATA|CUDA|PYTORCH|DJL|ENGINE)_.*"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * The launcher.
   *
   * @param directory for a copy of it
   * @param spark what its Spark does, in Bash
   */
  static Result launched(
      Path directory, Map<String, String> environment, String spark, String... args)
      throws Exception {
    Path root = directory.resolve("strata");
    for (String script : LAUNCHER) {
      Path copy = root.resolve(script);
      Files.createDirectories(copy.getParent());
      Files.copy(ROOT.resolve(script), copy, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.createDirectories(root.resolve("job/target"));
    Files.writeString(root.resolve("job/target/strata.jar"), "");
    write(root.resolve("spark/bin/spark-submit"), spark);
    List<String> command = new ArrayList<>(List.of(root.resolve(LAUNCHER.get(0)).toString()));
    command.addAll(Arrays.asList(args));
    Map<String, String> all = new HashMap<>(environment);
    all.put("SPARK_HOME", root.resolve("spark").toString());
    return run(all, command.toArray(String[]::new));
  }

  /** Writes a program, in Bash. */
  static void write(Path file, String body) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  /** An environment whose programs are first those of a folder. */
  static Map<String, String> path(Path programs) {
    return Map.of("PATH", programs + File.pathSeparator + System.getenv("PATH"));
  }
}
