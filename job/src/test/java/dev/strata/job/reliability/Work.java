package dev.strata.job.reliability;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.it.Launcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * 500 rows that two executors complete, and what they are where nobody disturbs that.
 *
 * @param input the rows to complete
 * @param rows the undisturbed run's, by their ids
 * @param unclear the ids of rows that may differ, since the reference chose a token closely
 */
record Work(Path input, Map<String, JsonObject> rows, Set<String> unclear) {

  static final int SWEEP_MILLIS = 150;
  static final int INTERVAL_MILLIS = 500;

  private static final int ROWS = 500;
  private static final int MOST_NEW_TOKENS = 40;

  /** Makes the rows and completes them undisturbed, unless that was done in the directory. */
  static Work in(Path directory) throws Exception {
    Map<String, JsonObject> references = new LinkedHashMap<>(References.read("translations"));
    references.putAll(References.read("summaries"));
    Files.createDirectories(directory);
    Path input = directory.resolve("input.json");
    Files.write(input, prompts(references).values());
    Work work = new Work(input, new LinkedHashMap<>(), new java.util.HashSet<>());
    Path output = directory.resolve("undisturbed");
    if (!Files.exists(output)) {
      work.run(Witness.in(directory.resolve("witness"), 0), output);
    }
    work.rows.putAll(Rows.read(output));
    work.rows.keySet().stream()
        .filter(id -> !References.isClear(references.get(id)))
        .forEach(work.unclear::add);
    work.rows.forEach(
        (id, row) -> {
          if (work.isClear(id)) {
            References.assertEqual(row, references.get(id));
          }
        });
    return work;
  }

  private static Map<String, String> prompts(Map<String, JsonObject> references)
      throws IOException {
    Map<String, String> prompts = new LinkedHashMap<>();
    add(prompts, References.sentences(), "Translate the following text to French.");
    add(prompts, References.packages(), "Summarize the following text in one line.");
    prompts.keySet().removeIf(id -> !ends(references.get(id)));
    Map<String, String> some = new LinkedHashMap<>();
    prompts.entrySet().stream().limit(ROWS).forEach(e -> some.put(e.getKey(), e.getValue()));
    return some;
  }

  private static boolean ends(JsonObject reference) {
    return Rows.text(reference, "finish_reason").equals("stop")
        && reference.get("completion_tokens").getAsInt() <= MOST_NEW_TOKENS;
  }

  private static void add(
      Map<String, String> prompts, Map<String, JsonObject> texts, String instruction) {
    texts.forEach(
        (id, text) -> {
          JsonObject row = new JsonObject();
          row.addProperty("id", id);
          row.addProperty("prompt", instruction + "\n\n" + Rows.text(text, "text"));
          prompts.put(id, row.toString());
        });
  }

  private void run(Witness witness, Path output) throws Exception {
    CommandResult result =
        Launcher.start("strata", Map.of(), command(witness, output).toArray(String[]::new)).await();
    if (result.exitCode() != 0) {
      throw new AssertionError(String.join("\n", result.err()));
    }
  }

  /** The words that complete the rows on two executors, each a JVM of its own. */
  List<String> command(Witness witness, Path output) throws IOException {
    List<String> words = new ArrayList<>(List.of("--master", "local-cluster[2,1,1300]"));
    words.addAll(witness.settings());
    words.addAll(List.of("--conf", "spark.ui.enabled=false"));
    words.addAll(List.of("generate", "--model", Demo.MODEL.toString()));
    words.addAll(List.of("--prompt", "{{prompt}}", "--id-column", "id"));
    words.addAll(List.of("--max-new-tokens", String.valueOf(MOST_NEW_TOKENS)));
    words.addAll(List.of("--input", input.toString(), "--output", output.toString()));
    words.addAll(List.of("--partitions", "4", "--wave-size", "32", "--host-memory", "256m"));
    words.addAll(List.of("--journal-interval", INTERVAL_MILLIS + "ms"));
    return words;
  }

  /** Whether a row has to be the undisturbed run's. */
  boolean isClear(String id) {
    return !unclear.contains(id);
  }

  /** The tokens of all rows. */
  long tokens() {
    return rows.values().stream().mapToLong(row -> row.get("completion_tokens").getAsLong()).sum();
  }
}
