package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.cli.Strata;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A command in a JVM of its own, with the classes of this one, until it is killed. */
final class OtherProcess {

  private static final int SIGKILLED = 128 + 9;

  private OtherProcess() {}

  /**
   * Starts a command and kills it by SIGKILL as soon as something is so.
   *
   * @param folder where it works
   */
  static void kill(
      Path folder, Map<String, String> settings, List<String> words, Callable<Boolean> when)
      throws Exception {
    Path said = Files.createTempFile(folder, "said", ".txt");
    Process process = start(folder, said, settings, words);
    try {
      while (!when.call()) {
        assertThat(process.isAlive()).as("%s", Files.readString(said)).isTrue();
        TimeUnit.MILLISECONDS.sleep(2);
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).isEqualTo(SIGKILLED);
    Files.delete(said);
  }

  private static Process start(
      Path folder, Path said, Map<String, String> settings, List<String> words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-javaagent"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx700m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.add("-Dspark.master=local[1]");
    command.add("-Dspark.ui.enabled=false");
    command.add("-Dspark.driver.host=127.0.0.1");
    command.add("-Dspark.driver.bindAddress=127.0.0.1");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Strata.class.getName());
    command.addAll(words);
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(said.toFile())
        .start();
  }
}
