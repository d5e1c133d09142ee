package dev.strata.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Completions by transformers, made by {@code reference/make_reference.py}. */
public final class References {

  /** Where a choice is closer, other shapes of products may choose otherwise. */
  private static final double LOW_MARGIN = 1e-3;

  private References() {}

  /** The reference of each row by its id. */
  public static Map<String, JsonObject> read(String name) throws IOException {
    return byId(Demo.ROOT.resolve("job/src/test/resources/reference/" + name + ".jsonl"));
  }

  /** The texts to translate, by their ids. */
  public static Map<String, JsonObject> sentences() throws IOException {
    return byId(Demo.ROOT.resolve("datasets/sentences.json"));
  }

  /** The first of them. */
  public static List<JsonObject> sentences(int count) throws IOException {
    return sentences().values().stream().limit(count).toList();
  }

  /** The texts to summarize, by their ids. */
  public static Map<String, JsonObject> packages() throws IOException {
    return byId(Demo.ROOT.resolve("datasets/package-descriptions.json"));
  }

  private static Map<String, JsonObject> byId(Path file) throws IOException {
    Map<String, JsonObject> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      JsonObject row = JsonParser.parseString(line).getAsJsonObject();
      rows.put(Rows.text(row, "id"), row);
    }
    return rows;
  }

  /** Whether the completion has to be the reference's, letter by letter. */
  public static boolean isClear(JsonObject reference) {
    return reference.get("least_margin").getAsDouble() > LOW_MARGIN;
  }

  /** Compares a completion and its counts. */
  public static void assertEqual(JsonObject row, JsonObject expected) {
    for (String column :
        new String[] {"completion", "finish_reason", "prompt_tokens", "completion_tokens"}) {
      assertThat(row.get(column)).as("%s of %s", column, expected).isEqualTo(expected.get(column));
    }
  }
}
