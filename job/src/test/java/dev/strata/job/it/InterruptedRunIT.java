package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that somebody watches, interrupts or kills, and the run after them. */
class InterruptedRunIT {

  private static final String SECRET = "hush-f3a1";
  private static final String JOURNAL = ".out.strata-journal";

  @TempDir Path directory;

  @Test
  void interruptedAndKilledRunsLeaveNothingInTheWay() throws Exception {
    Path out = directory.resolve("out");
    interrupted(out);
    assertThat(names())
        .as("nothing beside the settings but what it can be continued from")
        .isSubsetOf(JOURNAL, "secrets.properties");

    killed(out);
    assertThat(names())
        .contains(".out.strata-lock", "out", "secrets.properties")
        .isSubsetOf(".out.first-write", JOURNAL, ".out.strata-lock", "out", "secrets.properties");

    CommandResult next = longRun(out, "--limit", "2", "--max-new-tokens", "2", "--fresh").await();
    assertThat(next.exitCode()).as("%s", next.err()).isZero();
    assertThat(next.err())
        .anyMatch(line -> line.contains("of a run that ended is taken over"))
        .anyMatch(line -> line.contains("what a run that was killed left unfinished in"));
    assertThat(Rows.read(out)).hasSize(2);
    assertThat(names()).containsExactly("out", "secrets.properties");
  }

  private void interrupted(Path out) throws Exception {
    Launcher.Started run = longRun(out);
    waitFor(run, out.resolve("_temporary"));
    secretsAreHidden(run);
    run.process().destroy();
    CommandResult result = run.await();
    assertThat(result.exitCode()).isEqualTo(128 + 15);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .filteredOn(line -> !line.contains(" rows"))
        .filteredOn(
            line -> !line.matches(".* WARN (MessagingBinders|WadlFeature): .*")) // of the UI
        .containsExactly("strata: interrupted by SIGTERM");
    assertThat(result.announced())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .startsWith("Starting Spark on local[*] to translate ")
                    .endsWith(" with " + Demo.MODEL),
            second -> assertThat(second).startsWith("Spark UI: http://"));
  }

  private void killed(Path out) throws Exception {
    Launcher.Started run = longRun(out);
    waitFor(run, out.resolve("_temporary"));
    run.process().destroyForcibly().waitFor();
    String end = "strata: the JVM, process " + run.process().pid() + ", was ended by a signal: ";
    while (!Files.readString(run.err()).contains(end)) { // by a process that outlives it
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(run.await().exitCode()).isEqualTo(128 + 9);
  }

  private void secretsAreHidden(Launcher.Started run) throws Exception {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : processes.filter(p -> p.toString().matches(".*/[0-9]+")).toList()) {
        assertThat(commandLine(process)).doesNotContain(SECRET);
      }
    }
    String page = environment(run);
    assertThat(page)
        .contains("fs.azure.account.key.lake")
        .containsPattern("spark.strata.maxNewTokens\"\\s*,\\s*\"900\"")
        .doesNotContain(SECRET);
  }

  /** What the page of settings in Spark's UI shows, at the address that the run says. */
  private static String environment(Launcher.Started run) throws Exception {
    String ui =
        Files.readAllLines(run.err()).stream()
            .filter(line -> line.startsWith("Spark UI: "))
            .map(line -> line.substring("Spark UI: ".length()))
            .findFirst()
            .orElseThrow();
    String applications = page(ui + "/api/v1/applications");
    String id = applications.replaceFirst("(?s).*?\"id\"\\s*:\\s*\"([^\"]+)\".*", "$1");
    return page(ui + "/api/v1/applications/" + id + "/environment");
  }

  private static String page(String address) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
        .body();
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  private Launcher.Started longRun(Path out, String... options) throws IOException {
    Path settings =
        Files.writeString(
            directory.resolve("secrets.properties"),
            "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net " + SECRET + "\n");
    List<String> command =
        new ArrayList<>(List.of("--load-spark-defaults", "--properties-file", settings.toString()));
    command.addAll(Demo.translation(out, "--host-memory", "256m", "--ignore-stop-tokens"));
    command.addAll(
        options.length > 0 ? Arrays.asList(options) : List.of("--max-new-tokens", "900"));
    return Launcher.start("strata", Map.of(), command.toArray(String[]::new));
  }

  private static void waitFor(Launcher.Started run, Path file) throws Exception {
    while (!Files.exists(file)) {
      assertThat(run.process().isAlive()).as("%s", Files.readString(run.err())).isTrue();
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private List<String> names() {
    String[] names = directory.toFile().list();
    Arrays.sort(names);
    return List.of(names);
  }
}
