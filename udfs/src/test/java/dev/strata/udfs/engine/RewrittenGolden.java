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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A golden's checkpoint in other words: the same model as other programs would have saved it. */
final class RewrittenGolden {

  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";
  private static final String FULL = "full_attention";
  private static final String GATES_AND_UPS = ".experts.gate_up_proj";

  private static final Set<String> WINDOWS_BY_OTHER_FIELDS =
      Set.of("qwen2", "qwen2_moe", "qwen3", "smollm3");

  /** Of families that have always the same; there was no older Gemma 4. */
  private static final Map<String, Integer> PATTERNS =
      Map.of("gemma2", 2, "gpt_oss", 2, "olmo3", 4, "gemma4_text", 0);

  /** Under which names configurations have the number of experts, and another one of each. */
  private static final Map<String, String> NUMBERS_OF_EXPERTS =
      Map.of(
          "num_experts", "num_local_experts",
          "num_local_experts", "num_experts",
          "n_routed_experts", "num_local_experts");

  private final JsonObject generation;
  private JsonObject config;

  /** By name: what the header says of a tensor, and its bytes. */
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Tensor(String dtype, JsonArray shape, byte[] bytes) {}

  private RewrittenGolden(JsonObject config, JsonObject generation) {
    this.config = config;
    this.generation = generation;
  }

  static RewrittenGolden of(Path golden) throws IOException {
    RewrittenGolden copy =
        new RewrittenGolden(
            read(golden.resolve(CONFIG)), read(golden.resolve("generation_config.json")));
    try (Stream<Path> files = Files.list(golden)) {
      for (Path file : files.sorted().toList()) {
        if (file.toString().endsWith(".safetensors")) {
          copy.add(Files.readAllBytes(file));
        }
      }
    }
    return copy;
  }

  private void add(byte[] file) {
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonObject header =
        JsonParser.parseString(new String(file, 8, length, StandardCharsets.UTF_8))
            .getAsJsonObject();
    header.remove("__metadata__");
    for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
      JsonObject fields = entry.getValue().getAsJsonObject();
      JsonArray offsets = fields.getAsJsonArray("data_offsets");
      int begin = offsets.get(0).getAsInt();
      byte[] bytes = new byte[offsets.get(1).getAsInt() - begin];
      System.arraycopy(file, 8 + length + begin, bytes, 0, bytes.length);
      tensors.put(
          entry.getKey(),
          new Tensor(fields.get("dtype").getAsString(), fields.getAsJsonArray("shape"), bytes));
    }
  }

  private static JsonObject read(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  /** The configuration as versions before 5 of transformers wrote it. */
  RewrittenGolden older() {
    JsonObject text = config.has("text_config") ? config.getAsJsonObject("text_config") : config;
    if (text.has("dtype")) {
      text.add("torch_dtype", text.remove("dtype"));
    }
    olderRope(text);
    if (text.has("layer_types")) {
      olderLayerTypes(text);
    }
    return this;
  }

  /** Gemma 4 and hybrids came with the newer form alone. */
  private static void olderRope(JsonObject text) {
    JsonObject rope = text.getAsJsonObject("rope_parameters");
    if (rope.has("full_attention")) {
      JsonObject sliding = rope.getAsJsonObject("sliding_attention");
      rope = rope.getAsJsonObject("full_attention");
      if (rope.get("rope_type").getAsString().equals("proportional")) {
        return;
      }
      text.add("rope_local_base_freq", sliding.get("rope_theta"));
    }
    boolean scales = !rope.get("rope_type").getAsString().equals("default");
    if (!scales && text.get("model_type").getAsString().equals("gpt_oss")) {
      return; // which an older configuration could not say of it
    }
    rope = rope.deepCopy();
    text.remove("rope_parameters");
    for (String outside : List.of("rope_theta", "partial_rotary_factor")) {
      if (rope.has(outside)) {
        text.add(outside, rope.remove(outside));
      }
    }
    text.add("rope_scaling", scales ? rope : null);
  }

  /**
   * A number says instead which layers slide or are linear: so many, of which the last one attends
   * to everything. Where it is other layers, no older configuration had such a model.
   */
  private static void olderLayerTypes(JsonObject text) {
    String family = text.get("model_type").getAsString();
    List<String> types =
        text.getAsJsonArray("layer_types").asList().stream().map(JsonElement::getAsString).toList();
    if (WINDOWS_BY_OTHER_FIELDS.contains(family) || Set.copyOf(types).equals(Set.of(FULL))) {
      text.remove("layer_types");
      return;
    }
    int every = types.indexOf(FULL) + 1;
    boolean isPattern =
        every > 0
            && IntStream.range(0, types.size())
                .allMatch(layer -> types.get(layer).equals(FULL) == ((layer + 1) % every == 0));
    if (isPattern && PATTERNS.getOrDefault(family, every) == every) {
      text.remove("layer_types");
      boolean slides = types.contains("sliding_attention");
      text.addProperty(slides ? "sliding_window_pattern" : "full_attention_interval", every);
    }
  }

  /**
   * The model beside a tower for images, and with a layer that predicts several tokens.
   *
   * @param prefix what stands for {@code model.}
   * @param headPrefix what stands before {@code lm_head}
   */
  RewrittenGolden wrapped(String prefix, String headPrefix) {
    rename(
        name ->
            name.startsWith("model.")
                ? prefix + name.substring("model.".length())
                : headPrefix + name);
    JsonObject text = config;
    config = new JsonObject();
    config.addProperty("model_type", "of_several_towers");
    config.add("eos_token_id", text.remove("eos_token_id"));
    config.add("tie_word_embeddings", text.remove("tie_word_embeddings"));
    if (text.has("quantization_config")) {
      config.add("quantization_config", text.remove("quantization_config"));
    }
    config.add("text_config", text);
    JsonObject vision = new JsonObject();
    vision.addProperty("hidden_size", 4_096);
    config.add("vision_config", vision);
    generation.remove("eos_token_id");
    for (String foreign :
        List.of(
            "vision_tower.layers.0.self_attn.q_proj.weight",
            "model.visual.blocks.0.mlp.gate_proj.weight",
            "audio_tower.embed_tokens.weight",
            "multi_modal_projector.linear_1.weight",
            "mtp.layers.0.input_layernorm.weight",
            "mtp.fc.weight")) {
      addForeign(foreign);
    }
    return this;
  }

  /** A layer behind the last, as those are saved that predict several tokens. */
  RewrittenGolden withOneLayerMore() {
    String layer = "layers." + config.get("num_hidden_layers").getAsInt() + ".";
    String last = "layers." + (config.get("num_hidden_layers").getAsInt() - 1) + ".";
    for (String name : List.copyOf(tensors.keySet())) {
      if (name.contains(last)) {
        tensors.put(name.replace(last, layer), tensors.get(name));
      }
    }
    addForeign("model." + layer + "eh_proj.weight");
    return this;
  }

  /** All matrices of a layer's experts of a kind in one tensor, under newer names. */
  RewrittenGolden withExpertsTogether() {
    int layers = config.get("num_hidden_layers").getAsInt();
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      together(prefix, "mlp.experts.", "gate_proj", "up_proj", "down_proj");
      together(prefix, "block_sparse_moe.experts.", "w1", "w3", "w2");
    }
    rename(name -> name.replace("block_sparse_moe.", "mlp."));
    return this;
  }

  private void together(String prefix, String each, String gate, String up, String down) {
    List<Tensor> gatesAndUps = new ArrayList<>();
    List<Tensor> downs = new ArrayList<>();
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

  /** Whether all experts' matrices of a kind are one tensor of plain numbers, without biases. */
  boolean hasExpertsTogether() {
    return tensors.keySet().stream().anyMatch(name -> name.endsWith(GATES_AND_UPS))
        && tensors.keySet().stream().noneMatch(name -> name.contains(GATES_AND_UPS + "_"));
  }

  /** A tensor for each matrix of each expert. */
  RewrittenGolden withExpertsApart() {
    for (String name : List.copyOf(tensors.keySet())) {
      if (name.endsWith(GATES_AND_UPS)) {
        String prefix = name.substring(0, name.length() - GATES_AND_UPS.length()) + ".experts.";
        apart(name, prefix, List.of("gate_proj", "up_proj"));
        apart(prefix + "down_proj", prefix, List.of("down_proj"));
      }
    }
    return this;
  }

  private void apart(String name, String prefix, List<String> kinds) {
    Tensor all = tensors.remove(name);
    int experts = all.shape().get(0).getAsInt();
    int length = all.bytes().length / experts / kinds.size();
    JsonArray shape = new JsonArray();
    shape.add(all.shape().get(1).getAsInt() / kinds.size());
    shape.add(all.shape().get(2));
    int begin = 0;
    for (int expert = 0; expert < experts; expert++) {
      for (String kind : kinds) {
        byte[] bytes = Arrays.copyOfRange(all.bytes(), begin, begin + length);
        tensors.put(
            prefix + expert + "." + kind + ".weight", new Tensor(all.dtype(), shape, bytes));
        begin += length;
      }
    }
  }

  private static Tensor joined(List<Tensor> parts, int experts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    parts.forEach(part -> bytes.writeBytes(part.bytes()));
    Tensor any = parts.get(0);
    JsonArray shape = new JsonArray();
    shape.add(experts);
    shape.add(any.shape().get(0).getAsInt() * parts.size() / experts);
    shape.add(any.shape().get(1));
    return new Tensor(any.dtype(), shape, bytes.toByteArray());
  }

  /** Adds a number to all elements of float32 tensors whose names end like this. */
  RewrittenGolden withShifted(String end, float by) {
    tensors.forEach(
        (name, tensor) -> {
          ByteBuffer bytes = ByteBuffer.wrap(tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; name.endsWith(end) && i < bytes.limit(); i += Float.BYTES) {
            bytes.putFloat(i, bytes.getFloat(i) + by);
          }
        });
    return this;
  }

  /** Its first layers alone, which are all of one kind. */
  RewrittenGolden withFirstLayers(int count) {
    config.addProperty("num_hidden_layers", count);
    config.remove("layer_types");
    return this;
  }

  /** The layers from one to another, both included, alone. */
  RewrittenGolden withLayers(int first, int end) {
    List<String> names = List.copyOf(tensors.keySet());
    for (String name : names) {
      if (name.startsWith("model.layers.")) {
        int layer = Integer.parseInt(name.split("\\.", -1)[2]);
        Tensor tensor = tensors.remove(name);
        if (layer >= first && layer <= end) {
          tensors.put(name.replace("." + layer + ".", "." + (layer - first) + "."), tensor);
        }
      }
    }
    JsonArray types = new JsonArray();
    for (int layer = first; layer <= end; layer++) {
      types.add(config.getAsJsonArray("layer_types").get(layer));
    }
    config.add("layer_types", types);
    config.addProperty("num_hidden_layers", end - first + 1);
    return this;
  }

  /** Whether an expert has tensors of its own. */
  boolean hasExpertsApart() {
    return tensors.keySet().stream().anyMatch(name -> name.contains(".experts.0."));
  }

  /** Whether the configuration says how many experts there are. */
  boolean hasExperts() {
    return NUMBERS_OF_EXPERTS.keySet().stream().anyMatch(this::isPresent);
  }

  private boolean isPresent(String field) {
    return config.has(field) && !config.get(field).isJsonNull();
  }

  /** The number of experts under another name. */
  RewrittenGolden withExpertsCountedOtherwise() {
    for (Map.Entry<String, String> names : NUMBERS_OF_EXPERTS.entrySet()) {
      if (isPresent(names.getKey())) {
        config.add(names.getValue(), config.remove(names.getKey()));
        return this;
      }
    }
    throw new IllegalStateException("no experts in " + config);
  }

  private void addForeign(String name) {
    JsonArray shape = new JsonArray();
    shape.add(3);
    shape.add(5);
    tensors.put(name, new Tensor("BF16", shape, new byte[30]));
  }

  private void rename(UnaryOperator<String> change) {
    Map<String, Tensor> before = new LinkedHashMap<>(tensors);
    tensors.clear();
    before.forEach((name, tensor) -> tensors.put(change.apply(name), tensor));
  }

  /** The checkpoint, in an empty directory, which is made where it is not there. */
  Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(CONFIG), config.toString());
    Files.writeString(directory.resolve("generation_config.json"), generation.toString());
    JsonObject header = new JsonObject();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    tensors.forEach(
        (name, tensor) -> {
          JsonObject fields = new JsonObject();
          JsonArray offsets = new JsonArray();
          offsets.add(data.size());
          data.writeBytes(tensor.bytes());
          offsets.add(data.size());
          fields.addProperty("dtype", tensor.dtype());
          fields.add("shape", tensor.shape());
          fields.add("data_offsets", offsets);
          header.add(name, fields);
        });
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json).put(data.toByteArray());
    Files.write(directory.resolve(WEIGHTS), file.array());
    return directory;
  }
}
