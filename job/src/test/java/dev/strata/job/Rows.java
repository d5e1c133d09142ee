package dev.strata.job;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Rows of JSON files, by id. */
public final class Rows {

  private Rows() {}

  public static Map<String, JsonObject> read(Path directory) throws IOException {
    Map<String, JsonObject> rows = new TreeMap<>();
    for (JsonObject row : all(directory)) {
      String id = row.get("id").getAsString();
      if (rows.put(id, row) != null) {
        throw new AssertionError("two rows with id " + id);
      }
    }
    return rows;
  }

  /** The same, whatever their ids. */
  public static List<JsonObject> all(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches("[^_.].*\\.json"))
          .flatMap(Rows::lines)
          .map(line -> JsonParser.parseString(line).getAsJsonObject())
          .toList();
    }
  }

  /** A field's text, or null. */
  public static String text(JsonObject row, String field) {
    return row.get(field).isJsonNull() ? null : row.get(field).getAsString();
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
