package dev.strata.udfs.store;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/**
 * A checkpoint of two layers that tests break: 11 tokens, 6 wide, 10 between, 2 query heads and 1
 * key head of 4, tied. A byte of a tensor is its position in the data, modulo 251.
 */
final class TinyCheckpoint {

  static final String SHARD_1 = "model-00001-of-00002.safetensors";
  static final String SHARD_2 = "model-00002-of-00002.safetensors";
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private record Tensor(String dtype, List<Long> shape) {}

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Path directory;

  TinyCheckpoint(Path directory) {
    this.directory = directory;
    tensor("model.embed_tokens.weight", 11, 6);
    for (int layer = 0; layer < 2; layer++) {
      String prefix = "model.layers." + layer + ".";
      tensor(prefix + "input_layernorm.weight", 6);
      tensor(prefix + "self_attn.q_proj.weight", 8, 6);
      tensor(prefix + "self_attn.k_proj.weight", 4, 6);
      tensor(prefix + "self_attn.v_proj.weight", 4, 6);
      tensor(prefix + "self_attn.o_proj.weight", 6, 8);
      tensor(prefix + "post_attention_layernorm.weight", 6);
      tensor(prefix + "mlp.gate_proj.weight", 10, 6);
      tensor(prefix + "mlp.up_proj.weight", 10, 6);
      tensor(prefix + "mlp.down_proj.weight", 6, 10);
    }
    tensor("model.norm.weight", 6);
    write(
        "config.json",
        """
        {"model_type": "llama", "vocab_size": 11, "hidden_size": 6, "intermediate_size": 10,
         "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
         "head_dim": 4, "tie_word_embeddings": true, "eos_token_id": 2}
        """);
  }

  TinyCheckpoint tensor(String name, long... shape) {
    return tensor(name, "F32", shape);
  }

  TinyCheckpoint tensor(String name, String dtype, long... shape) {
    tensors.put(name, new Tensor(dtype, LongStream.of(shape).boxed().toList()));
    return this;
  }

  TinyCheckpoint without(String name) {
    tensors.remove(name);
    return this;
  }

  TinyCheckpoint renamed(UnaryOperator<String> change) {
    Map<String, Tensor> before = new LinkedHashMap<>(tensors);
    tensors.clear();
    before.forEach((name, tensor) -> tensors.put(change.apply(name), tensor));
    return this;
  }

  /** Writes all tensors into one file. */
  TinyCheckpoint single() {
    write(SINGLE, file(tensors));
    return this;
  }

  /** Writes the first layer with what is before it into one shard, the rest into another. */
  TinyCheckpoint sharded() {
    Map<String, Tensor> first = new LinkedHashMap<>(tensors);
    first.keySet().removeIf(name -> shardOf(name).equals(SHARD_2));
    Map<String, Tensor> second = new LinkedHashMap<>(tensors);
    second.keySet().removeAll(first.keySet());
    write(SHARD_1, file(first));
    write(SHARD_2, file(second));
    write(INDEX, index().toString());
    return this;
  }

  /** What the index of {@link #sharded} says. */
  JsonObject index() {
    JsonObject files = new JsonObject();
    tensors.keySet().forEach(name -> files.addProperty(name, shardOf(name)));
    JsonObject index = new JsonObject();
    index.add("weight_map", files);
    return index;
  }

  void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  void write(String name, byte[] bytes) {
    try {
      Files.write(directory.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(directory.resolve(name));
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  /** A tensor of an open checkpoint; empty if the model has none of that name. */
  static Optional<Weight> find(Checkpoint checkpoint, String name) {
    return checkpoint.weights().stream().filter(w -> w.spec().name().equals(name)).findFirst();
  }

  static Weight weight(Checkpoint checkpoint, String name) {
    return find(checkpoint, name).orElseThrow();
  }

  private static String shardOf(String tensor) {
    boolean isFinalNorm = tensor.endsWith("norm.weight") && !tensor.contains("layer");
    return tensor.contains("layers.1.") || isFinalNorm ? SHARD_2 : SHARD_1;
  }

  private static byte[] file(Map<String, Tensor> tensors) {
    JsonObject header = new JsonObject();
    long end = 0;
    for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
      Tensor tensor = named.getValue();
      long begin = end;
      end += bytes(tensor);
      JsonObject entry = new JsonObject();
      entry.addProperty("dtype", tensor.dtype());
      entry.add("shape", array(tensor.shape()));
      entry.add("data_offsets", array(List.of(begin, end)));
      header.add(named.getKey(), entry);
    }
    return file(header.toString(), (int) end);
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) (i % 251));
    }
    return file.array();
  }

  private static long bytes(Tensor tensor) {
    long bytes = tensor.dtype().equals("F64") ? 8 : tensor.dtype().equals("F32") ? 4 : 2;
    for (long size : tensor.shape()) {
      bytes *= size;
    }
    return bytes;
  }

  private static JsonArray array(List<Long> numbers) {
    JsonArray array = new JsonArray();
    for (long number : numbers) {
      array.add(number);
    }
    return array;
  }
}
