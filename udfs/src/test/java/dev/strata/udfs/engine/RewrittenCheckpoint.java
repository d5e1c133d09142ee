package dev.strata.udfs.engine;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A golden's checkpoint in another form that people have it in, of the same numbers. */
final class RewrittenCheckpoint {

  /** A tensor's bytes as they lie in a file. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Stored(String dtype, List<Long> shape, byte[] bytes) {}

  private final Map<String, Stored> tensors = new TreeMap<>();
  private final JsonObject config;
  private final Path golden;

  private RewrittenCheckpoint(Path golden) throws IOException {
    this.golden = golden;
    this.config =
        JsonParser.parseString(Files.readString(golden.resolve("config.json"))).getAsJsonObject();
    try (Stream<Path> files = Files.list(golden)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
        read(Files.readAllBytes(file));
      }
    }
  }

  static RewrittenCheckpoint of(Path golden) throws IOException {
    return new RewrittenCheckpoint(golden);
  }

  private void read(byte[] file) {
    int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String json = new String(file, Long.BYTES, header, StandardCharsets.UTF_8);
    JsonObject entries = JsonParser.parseString(json).getAsJsonObject();
    entries.remove("__metadata__");
    for (Map.Entry<String, JsonElement> entry : entries.entrySet()) {
      JsonObject tensor = entry.getValue().getAsJsonObject();
      JsonArray offsets = tensor.getAsJsonArray("data_offsets");
      int start = Long.BYTES + header;
      tensors.put(
          entry.getKey(),
          new Stored(
              tensor.get("dtype").getAsString(),
              tensor.getAsJsonArray("shape").asList().stream().map(JsonElement::getAsLong).toList(),
              Arrays.copyOfRange(
                  file, start + offsets.get(0).getAsInt(), start + offsets.get(1).getAsInt())));
    }
  }

  JsonObject config() {
    return config;
  }

  /** All matrices of a layer's experts of a kind in one tensor, under newer names. */
  RewrittenCheckpoint withExpertsTogether() {
    int layers = config.get("num_hidden_layers").getAsInt();
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      together(prefix, "mlp.experts.", "gate_proj", "up_proj", "down_proj");
      together(prefix, "block_sparse_moe.experts.", "w1", "w3", "w2");
    }
    for (String name : List.copyOf(tensors.keySet())) {
      tensors.put(name.replace("block_sparse_moe.", "mlp."), tensors.remove(name));
    }
    return this;
  }

  private void together(String prefix, String each, String gate, String up, String down) {
    List<Stored> gatesAndUps = new ArrayList<>();
    List<Stored> downs = new ArrayList<>();
    for (int i = 0; tensors.containsKey(prefix + each + i + "." + gate + ".weight"); i++) {
      String expert = prefix + each + i + ".";
      gatesAndUps.add(tensors.remove(expert + gate + ".weight"));
      gatesAndUps.add(tensors.remove(expert + up + ".weight"));
      downs.add(tensors.remove(expert + down + ".weight"));
    }
    if (!downs.isEmpty()) {
      tensors.put(prefix + "mlp.experts.gate_up_proj", joined(gatesAndUps, downs.size()));
      tensors.put(prefix + "mlp.experts.down_proj", joined(downs, downs.size()));
    }
  }

  private static Stored joined(List<Stored> parts, int experts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    parts.forEach(part -> bytes.writeBytes(part.bytes()));
    Stored any = parts.get(0);
    long rows = any.shape().get(0) * parts.size() / experts;
    return new Stored(
        any.dtype(), List.of((long) experts, rows, any.shape().get(1)), bytes.toByteArray());
  }

  /** One layer more than the configuration counts, as models have for predicting further tokens. */
  RewrittenCheckpoint withLayerBehind() {
    int layers = config.get("num_hidden_layers").getAsInt();
    String last = "model.layers." + (layers - 1) + ".";
    for (String name : List.copyOf(tensors.keySet())) {
      if (name.startsWith(last)) {
        tensors.put(name.replace(last, "model.layers." + layers + "."), tensors.get(name));
      }
    }
    return this;
  }

  /** Adds a number to all elements of float32 tensors whose names end like this. */
  RewrittenCheckpoint withShifted(String end, float by) {
    for (Map.Entry<String, Stored> entry : tensors.entrySet()) {
      if (entry.getKey().endsWith(end)) {
        ByteBuffer bytes = ByteBuffer.wrap(entry.getValue().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < bytes.limit(); i += Float.BYTES) {
          bytes.putFloat(i, bytes.getFloat(i) + by);
        }
      }
    }
    return this;
  }

  /** The configuration as it was before transformers 5. */
  RewrittenCheckpoint withOlderConfig() {
    JsonObject rope = config.remove("rope_parameters").getAsJsonObject();
    config.add("rope_theta", rope.remove("rope_theta"));
    if (rope.has("partial_rotary_factor")) {
      config.add("partial_rotary_factor", rope.remove("partial_rotary_factor"));
    }
    if (!rope.get("rope_type").getAsString().equals("default")) {
      config.add("rope_scaling", rope);
    }
    config.add("torch_dtype", config.remove("dtype"));
    config.remove("layer_types");
    return this;
  }

  /** Writes it, with what is expected of it. */
  void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.json"), config.toString());
    Files.copy(golden.resolve("expected.json"), directory.resolve("expected.json"));
    JsonObject header = new JsonObject();
    long end = 0;
    for (Map.Entry<String, Stored> entry : tensors.entrySet()) {
      Stored tensor = entry.getValue();
      JsonObject description = new JsonObject();
      description.addProperty("dtype", tensor.dtype());
      JsonArray shape = new JsonArray();
      tensor.shape().forEach(shape::add);
      description.add("shape", shape);
      JsonArray offsets = new JsonArray();
      IntStream.of((int) end, (int) end + tensor.bytes().length).forEach(offsets::add);
      description.add("data_offsets", offsets);
      header.add(entry.getKey(), description);
      end += tensor.bytes().length;
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .array());
    file.writeBytes(json);
    tensors.values().forEach(tensor -> file.writeBytes(tensor.bytes()));
    Files.write(directory.resolve("model.safetensors"), file.toByteArray());
  }
}
