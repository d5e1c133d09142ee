package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nights of the nightly script, with all that happens to nights. */
@Order(3)
class NightlyIT {

  private static final int ROWS = 6;
  private static final String FIRST = "2026-11-20";
  private static final String SECOND = "2026-11-21";
  private static final String THIRD = "2026-11-22";

  @TempDir Path directory;
  private Path input;
  private Path output;
  private List<JsonObject> sentences;

  @BeforeEach
  void writeInput() throws IOException {
    input = directory.resolve("texts");
    output = directory.resolve("translations");
    sentences =
        Files.readAllLines(Demo.ROOT.resolve("datasets/sentences.json")).stream()
            .map(line -> JsonParser.parseString(line).getAsJsonObject())
            .toList();
    List<String> dates = List.of(FIRST, SECOND, THIRD);
    for (int i = 0; i < dates.size(); i++) {
      write(dates.get(i), sentences.subList(i * ROWS, (i + 1) * ROWS));
    }
  }

  @Test
  void nights() throws Exception {
    CommandResult first = night(FIRST).await();
    assertThat(first.exitCode()).as("%s", first.err()).isZero();
    assertThat(first.out().get(0)).startsWith("6 rows in ").endsWith("0 errors: " + out(FIRST));
    assertThat(first.summary("rows kept")).isZero();

    aRepeatChangesNothing();
    Launcher.Started second = night(SECOND);
    aSecondNightIsRefused(second);
    aKilledNightIsCompleted(second);
    aChangedRowRunsAlone();

    assertThat(output.toFile().list()).containsExactlyInAnyOrder(names(FIRST, SECOND));
    JsonObject changed = changedRow();
    List<JsonObject> firstNight = new ArrayList<>(sentences.subList(1, ROWS));
    firstNight.add(changed);
    assertTranslated(FIRST, firstNight);
    assertTranslated(SECOND, sentences.subList(ROWS, 2 * ROWS));
  }

  private void aRepeatChangesNothing() throws Exception {
    Map<String, Object> before = filesAndTimes();
    CommandResult repeat = night(FIRST).await();
    assertThat(repeat.exitCode()).as("%s", repeat.err()).isZero();
    assertThat(repeat.out())
        .containsExactly("nothing to do: all 6 rows are done, " + out(FIRST) + " is unchanged");
    assertThat(filesAndTimes()).isEqualTo(before);
  }

  /** The first is stopped while it holds the lock, so that it cannot end before the second. */
  private void aSecondNightIsRefused(Launcher.Started running) throws Exception {
    waitUntil(running, () -> hasBeside(SECOND, "new-"));
    signal("STOP", running);
    CommandResult second = night(THIRD).await();
    assertThat(second.exitCode()).isEqualTo(6);
    assertThat(second.out()).isEmpty();
    assertThat(second.err())
        .singleElement()
        .asString()
        .matches(
            "strata: the lock .*/\\.nightly-translation\\.strata-lock is held by \\S+ on \\S+"
                + " \\(process %d, application local-\\d+, since \\S+\\), last heard of .*"
                    .formatted(running.process().pid()));
    assertThat(output.resolve("date=" + THIRD)).doesNotExist();
  }

  private void aKilledNightIsCompleted(Launcher.Started killed) throws Exception {
    killed.process().destroyForcibly();
    assertThat(killed.await().exitCode()).isEqualTo(128 + 9);
    assertThat(output.resolve("date=" + SECOND)).doesNotExist();

    CommandResult completed = night(SECOND).await();
    assertThat(completed.exitCode()).as("%s", completed.err()).isZero();
    assertThat(completed.out().get(0)).startsWith("6 rows in ");
    assertThat(completed.err())
        .anyMatch(line -> line.contains("of a run that ended is taken over"));
  }

  private void aChangedRowRunsAlone() throws Exception {
    List<JsonObject> rows = new ArrayList<>(sentences.subList(0, ROWS));
    rows.set(0, changedRow());
    write(FIRST, rows);
    CommandResult changed = night(FIRST).await();
    assertThat(changed.exitCode()).as("%s", changed.err()).isZero();
    assertThat(changed.out().get(0)).startsWith("1 rows in ");
    assertThat(changed.summary("rows kept")).isEqualTo(ROWS - 1);
  }

  /** The first row with the text of another. */
  private JsonObject changedRow() {
    JsonObject changed = sentences.get(0).deepCopy();
    changed.add("text", sentences.get(3 * ROWS).get("text"));
    return changed;
  }

  private Launcher.Started night(String date) throws IOException {
    return Launcher.start(
        "nightly-translation.sh",
        Map.of("STRATA_INPUT_ROOT", input.toString(), "STRATA_OUTPUT_ROOT", output.toString()),
        date,
        "--model",
        Demo.MODEL.toString(),
        "--id-column",
        "id",
        "--host-memory",
        "512m");
  }

  private void write(String date, List<JsonObject> rows) throws IOException {
    Path folder = Files.createDirectories(input.resolve("date=" + date));
    List<String> lines = rows.stream().map(JsonObject::toString).toList();
    Files.write(folder.resolve("texts.json"), lines);
  }

  private String out(String date) {
    return output.resolve("date=" + date).toString();
  }

  private static String[] names(String... dates) {
    return Stream.of(dates).map(date -> "date=" + date).toArray(String[]::new);
  }

  /** Each row is there once, with the completion that transformers gives its text. */
  private void assertTranslated(String date, List<JsonObject> rows) throws IOException {
    Map<String, JsonObject> translated = Rows.read(Path.of(out(date)));
    assertThat(translated).hasSize(rows.size());
    for (JsonObject row : rows) {
      JsonObject there = translated.get(Rows.text(row, "id"));
      assertThat(there.get("text")).isEqualTo(row.get("text"));
      assertThat(Rows.text(there, "error")).isNull();
      assertThat(Rows.text(there, "completion")).isEqualTo(reference(row));
    }
  }

  private String reference(JsonObject row) throws IOException {
    JsonObject same =
        sentences.stream()
            .filter(sentence -> sentence.get("text").equals(row.get("text")))
            .findFirst()
            .orElseThrow();
    Path file = Demo.ROOT.resolve("job/src/test/resources/reference/translations.jsonl");
    return Files.readAllLines(file).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.get("id").equals(same.get("id")))
        .map(line -> Rows.text(line, "completion"))
        .findFirst()
        .orElseThrow();
  }

  private Map<String, Object> filesAndTimes() throws IOException {
    Map<String, Object> times = new TreeMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path file : files.filter(path -> !path.equals(output)).toList()) {
        times.put(file.toString(), Files.getLastModifiedTime(file));
      }
    }
    return times;
  }

  private boolean hasBeside(String date, String suffix) {
    String[] names = output.toFile().list();
    return names != null
        && Stream.of(names).anyMatch(name -> name.startsWith(".date=" + date + "." + suffix));
  }

  private static void waitUntil(Launcher.Started run, BooleanSupplier condition)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (!condition.getAsBoolean()) {
      if (!run.process().isAlive() || System.nanoTime() > end) {
        throw new AssertionError("it ended or never got there: " + Files.readString(run.err()));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static void signal(String name, Launcher.Started run)
      throws IOException, InterruptedException {
    String pid = Long.toString(run.process().pid());
    assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
  }
}
