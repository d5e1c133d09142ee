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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs whose driver or executors are killed lose no row, and do not begin again. Statements and
 * nodes that are taken away are tried with {@code -Dstrata.long=true} alone.
 */
@Order(Integer.MAX_VALUE)
class KilledRunIT {

  private static final String JOURNAL = ".out.strata-journal";

  /** Two rows of one partition, with numbers of tokens that no other row has. */
  private static final Set<String> LETHAL = Set.of("sen-0130", "sen-0174");

  private static final String LETHAL_PROMPTS = "43, 45";
  private static final String LETHAL_ERROR =
      "the JVM of the executor died [3-9] times while this row was in it, the last time with this"
          + " row alone \\(exit code 134: SIGABRT\\); it is not asked again";

  @TempDir Path directory;
  @TempDir Path work;

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
    assertThat(assertComplete(References.read("translations").keySet())).isEmpty();
  }

  @Test
  void executorsThatDieTakeLittleAlongAndNoRowTakesTheRun() throws Exception {
    Launcher.Started run = start(onExecutors());
    await(run, () -> segments() >= 3);
    ProcessHandle executor = run.executors().findFirst().orElseThrow();
    executor.destroyForcibly();
    CommandResult result = run.await();
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out()).anyMatch(line -> line.startsWith("  continued "));
    Map<String, JsonObject> failed =
        assertComplete(
            lethalFirst().stream().map(row -> Rows.text(row, "id")).collect(Collectors.toSet()));
    assertThat(failed.keySet()).as("both of one partition").isEqualTo(LETHAL);
    assertThat(failed.values())
        .allMatch(row -> Rows.text(row, "error").matches(LETHAL_ERROR), LETHAL_ERROR);
  }

  /** Its node is taken away: it gets no new tasks, and is not waited for. */
  @Test
  @EnabledIfSystemProperty(named = "strata.long", matches = "true")
  void anExecutorThatIsDecommissionedTakesNoRowAlong() throws Exception {
    List<String> command = new ArrayList<>(List.of("--master", "local-cluster[2,1,1300]"));
    for (String setting :
        List.of(
            "spark.decommission.enabled=true",
            "spark.executor.decommission.forceKillTimeout=500ms",
            "spark.strata.readAhead.rows=3")) {
      command.addAll(List.of("--conf", setting));
    }
    command.addAll(translation());
    Launcher.Started run = start(command);
    await(run, () -> segments() >= 3);
    // The other may have had no task yet.
    ProcessHandle executor =
        run.executors().max(Comparator.comparing(KilledRunIT::work)).orElseThrow();
    new ProcessBuilder("kill", "-PWR", String.valueOf(executor.pid())).start().waitFor();
    await(run, () -> !executor.isAlive());
    CommandResult result = run.await();
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(assertComplete(References.read("translations").keySet())).isEmpty();
  }

  private static Duration work(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** As in a run, though Spark gives a task up after four failures. */
  @Test
  @EnabledIfSystemProperty(named = "strata.long", matches = "true")
  void aRowThatEndsExecutorsDoesNotEndAStatement() throws Exception {
    String statement =
        "CREATE TABLE made USING json LOCATION '%s' AS"
            + " SELECT id, ai_translate(text, 'fr') AS completion FROM json.`%s`";
    String text = statement.formatted(directory.resolve("out"), lethalInput());
    List<String> sql = onLethalExecutors();
    for (String setting :
        List.of(
            "spark.strata.sql.run.key=night",
            "spark.strata.journal.dir=" + work.resolve("journals"),
            "spark.sql.warehouse.dir=" + work.resolve("tables"),
            "spark.sql.shuffle.partitions=1")) {
      sql.addAll(List.of("--conf", setting));
    }
    sql.addAll(List.of("sql", "--model", Demo.MODEL.toString(), "--host-memory", "256m"));
    sql.addAll(List.of("-e", text));
    CommandResult result = start(sql).await();
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.err())
        .as("more than one task may have by itself")
        .filteredOn(line -> line.endsWith("exited with code 134"))
        .hasSizeGreaterThanOrEqualTo(4);
    Map<String, JsonObject> references = References.read("translations");
    Map<String, JsonObject> rows = Rows.read(directory.resolve("out"));
    assertThat(rows).hasSize(lethalFirst().size());
    assertThat(rows)
        .allSatisfy(
            (id, row) -> {
              assertThat(row.has("completion")).isEqualTo(!LETHAL.contains(id));
              if (row.has("completion") && References.isClear(references.get(id))) {
                assertThat(Rows.text(row, "completion"))
                    .isEqualTo(Rows.text(references.get(id), "completion"));
              }
            });
  }

  private Launcher.Started run(String... options) throws IOException {
    List<String> command = translation();
    command.addAll(Arrays.asList(options));
    return start(command);
  }

  /** On two executors, each of which has three rows at a time, and the lethal ones at first. */
  private List<String> onExecutors() throws IOException {
    List<String> command = onLethalExecutors();
    command.addAll(translation());
    command.addAll(List.of("--id-column", "id"));
    command.set(command.indexOf("--input") + 1, lethalInput().toString());
    return command;
  }

  private List<String> onLethalExecutors() throws IOException {
    List<String> command = new ArrayList<>(List.of("--master", "local-cluster[2,1,1300]"));
    command.addAll(LethalRows.settings(work, LETHAL_PROMPTS));
    command.addAll(List.of("--conf", "spark.strata.readAhead.rows=3"));
    return command;
  }

  private Path lethalInput() throws IOException {
    List<String> rows = lethalFirst().stream().map(JsonObject::toString).toList();
    return Files.write(work.resolve("rows.json"), rows);
  }

  /** Some of the sentences. */
  private static List<JsonObject> lethalFirst() throws IOException {
    return References.sentences().values().stream()
        .sorted(Comparator.comparing(row -> !LETHAL.contains(Rows.text(row, "id"))))
        .limit(120)
        .toList();
  }

  private List<String> translation() {
    return new ArrayList<>(
        Demo.translation(
            directory.resolve("out"),
            "--host-memory",
            "256m",
            "--partitions",
            "2",
            "--journal-interval",
            "200ms"));
  }

  private static Launcher.Started start(List<String> command) throws IOException {
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

  /** All rows are there, and right where they have no error; returns those that have one. */
  private Map<String, JsonObject> assertComplete(Set<String> ids) throws IOException {
    Map<String, JsonObject> rows = Rows.read(directory.resolve("out"));
    Map<String, JsonObject> references = References.read("translations");
    assertThat(rows.keySet()).isEqualTo(ids);
    Map<String, JsonObject> failed = new TreeMap<>();
    rows.forEach(
        (id, row) -> {
          if (Rows.text(row, "error") != null) {
            failed.put(id, row);
          } else if (References.isClear(references.get(id))) {
            References.assertEqual(row, references.get(id));
          }
        });
    assertThat(directory.toFile().list()).as("nothing beside it").containsExactly("out");
    return failed;
  }
}
