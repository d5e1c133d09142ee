package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose driver or executors are killed lose no row, and do not begin again. */
class KilledRunIT {

  private static final String JOURNAL = ".out.strata-journal";

  @TempDir Path directory;

  @Test
  void aRunWhoseDriverWasKilledIsContinued() throws Exception {
    Launcher.Started first = run();
    await(first, () -> segments() >= 6);
    first.process().destroyForcibly();
    assertThat(first.await().exitCode()).isEqualTo(128 + 9);

    CommandResult refused = run("--temperature", "0.3").await();
    assertThat(refused.exitCode()).isEqualTo(4);
    assertThat(String.join("\n", refused.err()))
        .contains(JOURNAL + " has what another run produced before it ended:")
        .contains("--temperature was the model's and is 0.3; run it as before to continue, or set")
        .contains("--fresh");

    CommandResult next = run().await();
    assertThat(next.exitCode()).as("%s", next.err()).isZero();
    assertThat(next.out())
        .anyMatch(line -> line.matches("  continued +[0-9]+ rows kept, [0-9]+ resumed, .*"));
    assertComplete();
  }

  @Test
  void anExecutorThatIsKilledTakesLittleAlong() throws Exception {
    Launcher.Started run = run("--master", "local-cluster[2,1,1300]");
    await(run, () -> segments() >= 12);
    ProcessHandle executor =
        run.process().descendants().filter(KilledRunIT::isExecutor).findFirst().orElseThrow();
    executor.destroyForcibly();
    CommandResult result = run.await();
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out()).anyMatch(line -> line.startsWith("  continued "));
    assertComplete();
  }

  private static boolean isExecutor(ProcessHandle process) {
    return process.info().arguments().stream()
        .flatMap(Arrays::stream)
        .anyMatch(word -> word.endsWith("CoarseGrainedExecutorBackend"));
  }

  private Launcher.Started run(String... options) throws IOException {
    List<String> command = new ArrayList<>();
    List<String> words = Arrays.asList(options);
    boolean isOfSpark = words.contains("--master");
    if (isOfSpark) {
      command.addAll(words);
    }
    command.addAll(
        Demo.translation(
            directory.resolve("out"),
            "--host-memory",
            "256m",
            "--partitions",
            "2",
            "--journal-interval",
            "200ms"));
    if (!isOfSpark) {
      command.addAll(words);
    }
    return Launcher.start("strata", Map.of(), command.toArray(String[]::new));
  }

  private long segments() {
    String[] names = directory.resolve(JOURNAL).toFile().list();
    return names == null ? 0 : Arrays.stream(names).filter(n -> n.endsWith(".arrow")).count();
  }

  private static void await(Launcher.Started run, BooleanSupplier until) throws Exception {
    while (!until.getAsBoolean()) {
      assertThat(run.process().isAlive()).as("%s", Files.readString(run.err())).isTrue();
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private void assertComplete() throws IOException {
    Map<String, JsonObject> rows = Rows.read(directory.resolve("out"));
    Map<String, JsonObject> references = References.read("translations");
    assertThat(rows.keySet()).isEqualTo(references.keySet());
    rows.forEach(
        (id, row) -> {
          if (References.isClear(references.get(id))) {
            References.assertEqual(row, references.get(id));
          }
        });
    assertThat(directory.toFile().list()).as("nothing beside it").containsExactly("out");
  }
}
