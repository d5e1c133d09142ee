package dev.strata.job.notebooks;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A notebook's file: cells with their sources and outputs. */
record Notebook(Path file, JsonObject json) {

  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  static Notebook read(Path file) throws IOException {
    return new Notebook(file, JsonParser.parseString(Files.readString(file)).getAsJsonObject());
  }

  void write() throws IOException {
    Files.writeString(file, PRETTY.toJson(json) + "\n");
  }

  /** Those with code. */
  List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (JsonElement cell : json.getAsJsonArray("cells")) {
      if (cell.getAsJsonObject().get("cell_type").getAsString().equals("code")) {
        cells.add(new Cell(cell.getAsJsonObject()));
      }
    }
    return cells;
  }

  /** Code, and what it printed. */
  record Cell(JsonObject json) {

    String source() {
      return lines(json.getAsJsonArray("source"));
    }

    String output() {
      return StreamSupport.stream(json.getAsJsonArray("outputs").spliterator(), false)
          .map(output -> lines(output.getAsJsonObject().getAsJsonArray("text")))
          .collect(Collectors.joining());
    }

    void print(int count, String text) {
      JsonArray outputs = new JsonArray();
      if (!text.isEmpty()) {
        JsonObject stream = new JsonObject();
        stream.addProperty("name", "stdout");
        stream.addProperty("output_type", "stream");
        JsonArray lines = new JsonArray();
        text.lines().map(line -> line + "\n").forEach(lines::add);
        stream.add("text", lines);
        outputs.add(stream);
      }
      json.add("execution_count", new JsonPrimitive(count));
      json.add("outputs", outputs);
    }

    private static String lines(JsonArray lines) {
      return StreamSupport.stream(lines.spliterator(), false)
          .map(JsonElement::getAsString)
          .collect(Collectors.joining());
    }
  }
}
