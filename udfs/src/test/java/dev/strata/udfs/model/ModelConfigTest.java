package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {

  private static final String FORMS =
      "use the model as F32, F16 or BF16, in FP8 (quant_method fp8, or compressed-tensors with the"
          + " format float-quantized) or in MXFP4 (mxfp4)";

  private static final Path GOLDENS = Path.of("src/test/resources/goldens");
  private static final RopeSpec PLAIN_ROPE = rope(1, RopeScaling.plain(10_000, 8));

  @Test
  void llama() throws IOException {
    DecoderSpec spec = golden("llama");
    assertThat(spec)
        .extracting(
            DecoderSpec::family,
            DecoderSpec::vocabSize,
            DecoderSpec::hiddenSize,
            DecoderSpec::contextLength,
            DecoderSpec::tiedHead)
        .containsExactly("llama", 128, 32, 512, false);
    assertThat(spec.attentions())
        .hasSize(3)
        .containsOnly(
            new AttentionSpec(
                4,
                2,
                8,
                null,
                null,
                0,
                PLAIN_ROPE,
                0,
                1 / Math.sqrt(8),
                0,
                null,
                AttentionSpec.Values.PLAIN,
                AttentionSpec.OWN));
    assertThat(spec.head().epsilon()).isEqualTo(1e-5);
    assertThat(biases(spec)).isEmpty();
  }

  @Test
  void llamaBiasesCoverTheOutputToo() throws IOException {
    DecoderSpec spec = golden("llama-mha-bias");
    assertThat(attention(spec).kvHeads()).isEqualTo(4);
    assertThat(biases(spec))
        .containsExactly(
            "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");
  }

  @Test
  void mistralSlidesOnEveryLayer() throws IOException {
    DecoderSpec spec = golden("mistral");
    assertThat(spec.attentions()).extracting(AttentionSpec::window).containsExactly(8, 8, 8);
    assertThat(biases(spec)).isEmpty();
  }

  @Test
  void qwen2HasBiasesOfQueryKeyAndValue() throws IOException {
    DecoderSpec spec = golden("qwen2");
    assertThat(biases(spec)).containsExactly("q_proj", "k_proj", "v_proj");
    assertThat(spec.tiedHead()).isTrue();
    assertThat(spec.attentions()).extracting(AttentionSpec::window).containsOnly(0);
  }

  @Test
  void qwen3HasNormsOfQueriesAndKeys() throws IOException {
    DecoderSpec spec = golden("qwen3");
    AttentionSpec attention = spec.attentions().get(2);
    assertThat(attention.queryNorm())
        .isEqualTo(WeightSpec.vector("model.layers.2.self_attn.q_norm.weight", 12));
    assertThat(attention.keyNorm())
        .isEqualTo(WeightSpec.vector("model.layers.2.self_attn.k_norm.weight", 12));
    assertThat(biases(spec)).isEmpty();
    assertThat(attention.headDim()).isEqualTo(12);
    assertThat(attention.queryWidth()).isEqualTo(48);
    assertThat(attention.keyValueWidth()).isEqualTo(24);
  }

  private static AttentionSpec attention(DecoderSpec spec) {
    return spec.attentions().get(0);
  }

  /** Which products of a layer have biases. */
  private static List<String> biases(DecoderSpec spec) {
    return spec.layers().get(0).stages().stream()
        .flatMap(stage -> stage.steps().stream())
        .filter(Step.Product.class::isInstance)
        .map(Step.Product.class::cast)
        .filter(product -> product.bias() != null)
        .map(Step::label)
        .toList();
  }

  @Test
  void scaledRopes() throws IOException {
    assertThat(golden("llama-linear-rope").attentions().get(2).rope())
        .isEqualTo(rope(1, RopeScaling.linear(RopeScaling.plain(10_000, 8), 4)));
    assertThat(golden("llama3-rope").attentions().get(0).rope())
        .isEqualTo(rope(1, RopeScaling.llama3(RopeScaling.plain(500_000, 8), 8, 1, 4, 64)));
    assertThat(golden("llama-yarn").attentions().get(0).rope())
        .isEqualTo(
            rope(RopeScaling.temperature(4, 1), RopeScaling.yarn(10_000, 8, 4, 32, 1, true, 128)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama-linear-rope",
        "llama-mha-bias",
        "llama-tied-headdim",
        "llama-yarn",
        "llama3-rope",
        "exaone4",
        "gemma2",
        "glm4",
        "granite",
        "ministral3",
        "mistral",
        "olmo2",
        "phi3",
        "qwen2",
        "qwen3",
        "seed-oss",
        "smollm3"
      })
  void theOlderFormSaysTheSame(String golden) throws IOException {
    JsonObject newer = JsonParser.parseString(config(golden)).getAsJsonObject();
    for (String typeKey : List.of("type", "rope_type")) {
      assertThat(parse(older(newer, typeKey))).isEqualTo(parse(newer));
    }
  }

  private static JsonObject older(JsonObject newer, String typeKey) {
    JsonObject older = newer.deepCopy();
    JsonObject rope = older.remove("rope_parameters").getAsJsonObject();
    older.add("rope_theta", rope.remove("rope_theta"));
    older.add("torch_dtype", older.remove("dtype"));
    JsonElement type = rope.remove("rope_type");
    rope.add(typeKey, type);
    older.add("rope_scaling", type.getAsString().equals("default") ? JsonNull.INSTANCE : rope);
    return older;
  }

  @Test
  void absentFieldsAreThoseOfTransformers() {
    DecoderSpec llama = parse(minimal("llama"));
    assertThat(attention(llama).kvHeads()).isEqualTo(32);
    assertThat(attention(llama).headDim()).isEqualTo(4);
    assertThat(llama.head().epsilon()).isEqualTo(1e-6);
    assertThat(llama.contextLength()).isEqualTo(2_048);
    assertThat(llama.tiedHead()).isFalse();

    DecoderSpec mistral = parse(minimal("mistral"));
    assertThat(attention(mistral).kvHeads()).isEqualTo(8);
    assertThat(mistral.contextLength()).isEqualTo(131_072);
    assertThat(mistral.attentions().get(1).window()).isEqualTo(4_096);

    DecoderSpec qwen2 = parse(minimal("qwen2"));
    assertThat(attention(qwen2).kvHeads()).isEqualTo(32);
    assertThat(qwen2.contextLength()).isEqualTo(32_768);
    assertThat(biases(qwen2)).containsExactly("q_proj", "k_proj", "v_proj");

    DecoderSpec qwen3 = parse(minimal("qwen3"));
    assertThat(attention(qwen3).headDim()).isEqualTo(128);
    assertThat(qwen3.contextLength()).isEqualTo(32_768);
  }

  @Test
  void aNullOfKeyValueHeadsMeansAsManyAsQueries() {
    assertThat(attention(parse(with("mistral", "num_key_value_heads", "null"))).kvHeads())
        .isEqualTo(32);
  }

  @Test
  void aNullWindowOfMistralMeansNone() {
    assertThat(parse(with("mistral", "sliding_window", "null")).attentions().get(0).window())
        .isZero();
  }

  @Test
  void qwenSlidesFromMaxWindowLayersOn() {
    JsonObject config = with("qwen2", "use_sliding_window", "true");
    config.addProperty("sliding_window", 16);
    config.addProperty("max_window_layers", 1);
    assertThat(windows(config)).containsExactly(0, 16, 16);

    config.add(
        "layer_types",
        JsonParser.parseString(
            "[\"sliding_attention\", \"full_attention\", \"sliding_attention\"]"));
    assertThat(windows(config)).containsExactly(16, 0, 16);

    config.addProperty("use_sliding_window", false);
    config.remove("layer_types");
    assertThat(windows(config)).containsExactly(0, 0, 0);
  }

  @Test
  void qwen3AttentionBiasCoversTheOutput() {
    DecoderSpec spec = parse(with("qwen3", "attention_bias", "true"));
    assertThat(biases(spec)).containsExactly("q_proj", "k_proj", "v_proj", "o_proj");
  }

  @Test
  void yarnsAttentionFactor() {
    assertThat(yarnFactor("\"attention_factor\": 0.7")).isEqualTo(0.7);
    assertThat(yarnFactor("\"mscale\": 0.707, \"mscale_all_dim\": 1.0"))
        .isEqualTo(0.964326914892074, within(1e-15));
    assertThat(yarnFactor("\"mscale\": 0.707")).isEqualTo(1.138629436111989, within(1e-15));
    assertThat(yarnFactor("\"beta_fast\": null")).isEqualTo(1.138629436111989, within(1e-15));
  }

  @Test
  void yarnWithoutFactorStretchesToTheContext() {
    DecoderSpec explicit =
        parse(
            with(
                "llama",
                "rope_scaling",
                "{\"type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 512}"));
    DecoderSpec implied =
        parse(
            with(
                "llama",
                "rope_scaling",
                "{\"type\": \"yarn\", \"factor\": null,"
                    + " \"original_max_position_embeddings\": 512}"));
    assertThat(implied).isEqualTo(explicit);
  }

  /** Fields as the models' own files have them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Qwen2.5, as its page says for long texts
        "32768 | {\"factor\": 4.0, \"original_max_position_embeddings\": 32768, \"type\": \"yarn\"}"
            + " | 131072",
        // Qwen3, as its page says
        "40960 | {\"rope_type\": \"yarn\", \"factor\": 4.0,"
            + " \"original_max_position_embeddings\": 32768} | 131072",
        // Vicuna 1.5 16k
        "4096 | {\"factor\": 4.0, \"type\": \"linear\"} | 16384",
        // deepseek-coder
        "16384 | {\"factor\": 4.0, \"type\": \"linear\"} | 65536",
        // trained with it: the field has the stretched length already
        "131072 | {\"factor\": 4.0, \"original_max_position_embeddings\": 32768, \"type\":"
            + " \"yarn\"} | 131072",
        "16384 | {\"factor\": 4, \"original_max_position_embeddings\": 4096, \"type\": \"linear\"}"
            + " | 16384",
        "4096 | {\"factor\": null, \"original_max_position_embeddings\": 1024, \"type\": \"yarn\"}"
            + " | 4096",
        "4096 | {\"factor\": 16, \"rope_type\": \"yarn\"} | 65536",
        "4096 | {\"factor\": 0.5, \"type\": \"linear\"} | 4096",
        "4096 | {\"factor\": 1e300, \"type\": \"linear\"} | 2147483647",
        // Llama 3.2: 32 times 8192 is more than it was trained for
        "131072 | {\"factor\": 32.0, \"high_freq_factor\": 4.0, \"low_freq_factor\": 1.0,"
            + " \"original_max_position_embeddings\": 8192, \"rope_type\": \"llama3\"} | 131072",
        "4096 | {\"rope_type\": \"default\", \"factor\": 8} | 4096",
        "4096 | null | 4096",
      })
  void scalingStretchesTheContext(String maxPositions, String scaling, int contextLength) {
    for (String field : List.of("rope_scaling", "rope_parameters")) {
      JsonObject config = with("qwen2", "max_position_embeddings", maxPositions);
      config.add(field, JsonParser.parseString(scaling));
      assertThat(parse(config).contextLength()).isEqualTo(contextLength);
    }
  }

  @Test
  void thePretrainedLengthBesideTheParametersWins() {
    String scaling =
        "{\"type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": %d}";
    JsonObject outside = with("llama", "rope_scaling", String.format(scaling, 1_024));
    outside.addProperty("original_max_position_embeddings", 256);
    assertThat(parse(outside))
        .isEqualTo(parse(with("llama", "rope_scaling", String.format(scaling, 256))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "hidden_size | -32 | hidden_size is -32 in f.json; it must be a whole number of 1 or more",
        "hidden_size | 32.5 | hidden_size is 32.5 in f.json; it must be a whole number of 1 or"
            + " more",
        "hidden_size | \"32\" | hidden_size is \"32\" in f.json; it must be a whole number of 1 or"
            + " more",
        "hidden_size | 1e99 | hidden_size is 1e99 in f.json; it must be a whole number of 1 or"
            + " more",
        "vocab_size | null | vocab_size is null in f.json; it must be a whole number of 1 or more",
        "intermediate_size | [64] | intermediate_size is [64] in f.json; it must be a whole number"
            + " of 1 or more",
        "num_hidden_layers | 2000000000 | num_hidden_layers is 2000000000 in f.json; it must be a"
            + " whole number from 1 to 10000",
        "num_attention_heads | 0 | num_attention_heads is 0 in f.json; it must be a whole number of"
            + " 1 or more",
        "num_attention_heads | 33 | f.json cannot be used: hidden_size 128 is not a multiple of"
            + " num_attention_heads 33, and there is no head_dim",
        "num_key_value_heads | 5 | f.json cannot be used: num_attention_heads 32 is not a multiple"
            + " of num_key_value_heads 5",
        "head_dim | 7 | f.json cannot be used: a head of 7 elements has no halves to rotate",
        "head_dim | 1000000000 | num_attention_heads times head_dim is 32000000000 in f.json,"
            + " beyond any model",
        "rms_norm_eps | 0 | rms_norm_eps is 0 in f.json; it must be a number above 0",
        "tie_word_embeddings | \"yes\" | tie_word_embeddings is \"yes\" in f.json; it must be true"
            + " or false",
        "hidden_act | \"gelu\" | hidden_act is \"gelu\" in f.json; it must be silu or"
            + " gelu_pytorch_tanh",
        "model_type | \"gpt2\" | model_type gpt2 in f.json is not supported; use a model of type"
            + " deepseek_v3, exaone4, gemma2, gemma3_text, gemma4_text, glm4, glm4_moe, gpt_oss,"
            + " granite, kimi_k2, llama, minimax_m2, ministral3, mistral, mixtral, olmo2, olmo3,"
            + " phi3, qwen2, qwen2_moe, qwen3, qwen3_5_moe_text, qwen3_5_text, qwen3_moe, qwen3_next,"
            + " seed_oss, smollm3",
        "model_type | null | model_type is null in f.json; it must be a string",
        "quantization_config | {\"quant_method\": \"gptq\"} | f.json has a quantization_config"
            + " (gptq); "
            + FORMS,
        "quantization_config | {\"bits\": 4} | f.json has a quantization_config (no quant_method); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true} |"
            + " f.json has a quantization_config (bitsandbytes); "
            + FORMS,
        "quantization_config | {\"load_in_4bit\": true} | f.json has a quantization_config (no"
            + " quant_method); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"compressed-tensors\", \"config_groups\":"
            + " {\"group_0\": {}}} | f.json has a quantization_config (compressed-tensors); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"compressed-tensors\", \"format\":"
            + " \"pack-quantized\", \"config_groups\": {\"group_0\": {}}} | f.json has a"
            + " quantization_config (compressed-tensors, pack-quantized); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"compressed-tensors\", \"format\":"
            + " \"float-quantized\", \"config_groups\": {\"group_0\": {\"weights\": {\"type\":"
            + " \"float\", \"num_bits\": 4, \"strategy\": \"channel\"}}}} | f.json has a"
            + " quantization_config (compressed-tensors, float-quantized); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"} | f.json has a"
            + " quantization_config (fp8); "
            + FORMS,
        "quantization_config | {\"quant_method\": \"fp8\", \"weight_block_size\": [128, 0]} |"
            + " quantization_config.weight_block_size is [128,0] in f.json; it must be rows and"
            + " columns of a block, above 0",
        "partial_rotary_factor | 0.5 | partial_rotary_factor is 0.5 in f.json; it must be 1, as"
            + " partly rotated heads are not supported",
        "rope_scaling | \"linear\" | rope_scaling is \"linear\" in f.json; it must be an object",
        "rope_scaling | {\"type\": \"dynamic\", \"factor\": 2} | rope type dynamic in f.json is not"
            + " supported; use a model whose rope type is default, linear, llama3 or yarn",
        "rope_parameters | {\"rope_type\": \"longrope\"} | rope type longrope in f.json is not"
            + " supported; use a model whose rope type is default, linear, llama3 or yarn",
        "rope_scaling | {\"type\": \"linear\"} | rope_scaling.factor is missing in f.json; it must"
            + " be a number above 0",
        "rope_parameters | {\"rope_type\": \"yarn\"} | rope_parameters.factor is missing in f.json;"
            + " it must be a number above 0",
        "rope_parameters | {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4,"
            + " \"high_freq_factor\": 1} | rope_parameters.high_freq_factor is 1 in f.json; it must"
            + " be above low_freq_factor 4.0",
        "rope_parameters | {\"full_attention\": {}} | rope_parameters.full_attention is {} in"
            + " f.json; it must be absent, as all layers of this model type rotate alike",
        "rope_theta | -1 | rope_theta is -1 in f.json; it must be a number above 0",
      })
  void nonsenseIsOneSentence(String field, String value, String message) {
    assertThatThrownBy(() -> parse(with("llama", field, value)))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[\"full_attention\"] | f.json cannot be used: layer_types has 1 entries for 3 layers",
        "[\"full_attention\", \"sliding_attention\", \"full_attention\"] | f.json cannot be used:"
            + " layer_types has sliding_attention, but use_sliding_window and sliding_window set no"
            + " window",
        "[\"a\", \"b\", \"c\"] | layer_types is [\"a\",\"b\",\"c\"] in f.json; it must be"
            + " full_attention or sliding_attention each",
        "\"full\" | layer_types is \"full\" in f.json; it must be a list of strings",
        "[1, 2, 3] | layer_types is [1,2,3] in f.json; it must be a list of strings",
      })
  void nonsenseLayerTypes(String value, String message) {
    assertThatThrownBy(() -> parse(with("qwen3", "layer_types", value)))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }

  /** Before anything is made that is as large. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "head_dim | 500000000 | num_attention_heads times head_dim is 16000000000",
        "head_dim | 10 | num_attention_heads times head_dim is 320",
        "hidden_size | 1e8 | hidden_size is 100000000",
        "vocab_size | 257 | vocab_size is 257",
        "intermediate_size | 2147483647 | intermediate_size is 2147483647",
        "num_attention_heads | 1024 | num_attention_heads is 1024",
      })
  void sizesAreHeldToTheTensors(String field, String value, String what) {
    List<TensorEntry> tensors =
        List.of(
            new TensorEntry("embedding", "BF16", List.of(256L, 128L), 0, 65_536),
            new TensorEntry("empty", "BF16", List.of(0L, 1L << 60), 0, 0),
            new TensorEntry("of a type that nobody knows", "F4", List.of(1L << 60), 0, 8));
    for (String family : familiesWith(field)) {
      JsonObject config = with(family, "head_dim", "8");
      addExperts(config);
      config.add(field, JsonParser.parseString(value));
      assertThatThrownBy(
              () ->
                  ModelConfig.read(config.toString(), "f.json")
                      .decoder(SizeBounds.of(tensors, "f.st")))
          .isInstanceOf(StrataException.class)
          .hasMessage(
              what
                  + " in f.json, but no tensor of f.st is larger than 256 in any direction; use the"
                  + " files of one model");
    }
  }

  /** Latent heads have no width of that name, and Qwen's mixtures have no dense layers here. */
  private static List<String> familiesWith(String field) {
    Set<String> without =
        switch (field) {
          case "head_dim" -> Set.of("deepseek_v3");
          case "intermediate_size" ->
              Set.of("qwen2_moe", "qwen3_moe", "qwen3_5_moe_text", "qwen3_next");
          default -> Set.of();
        };
    return ModelConfig.families().stream().filter(family -> !without.contains(family)).toList();
  }

  @Test
  void layersAreHeldToTheTensors() {
    JsonObject config = with("llama", "num_hidden_layers", "3");
    TensorEntry tensor = new TensorEntry("embedding", "BF16", List.of(256L, 128L), 0, 65_536);
    ModelConfig read = ModelConfig.read(config.toString(), "f.json");
    assertThat(read.decoder(SizeBounds.of(Collections.nCopies(3, tensor), "f.st")).layers())
        .hasSize(3);
    assertThatThrownBy(() -> read.decoder(SizeBounds.of(Collections.nCopies(2, tensor), "f.st")))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "num_hidden_layers is 3 in f.json, but f.st has 2 tensors in all; use the files of one"
                + " model");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{}",
        "{\"quant_method\": null}",
        "{\"load_in_4bit\": false, \"load_in_8bit\": false, \"quant_method\": \"bitsandbytes\","
            + " \"bnb_4bit_quant_type\": \"nf4\"}",
        "{\"quant_method\": \"compressed-tensors\", \"config_groups\": {}, \"ignore\":"
            + " [\"lm_head\"]}",
      })
  void aQuantisationThatIsSwitchedOffIsNone(String value) {
    assertThat(parse(with("llama", "quantization_config", value)))
        .isEqualTo(parse(minimal("llama")));
  }

  private static Quantization quantization(String value) {
    return ModelConfig.read(with("llama", "quantization_config", value).toString(), "f.json")
        .quantization();
  }

  private static String group(String strategy) {
    return """
        {"quant_method": "compressed-tensors", "format": "float-quantized", "config_groups":
         {"group_0": {"weights": {"type": "float", "num_bits": 8, "strategy": %s}}}}"""
        .formatted(strategy);
  }

  private static Quantization float8(String scaleSuffix, Quantization.Blocks blocks) {
    return new Quantization("", scaleSuffix, ElementType.F8_E4M3, blocks);
  }

  /** A size of 0 stands for all rows or columns. */
  @Test
  void formsOfFloat8() {
    Quantization block =
        quantization("{\"quant_method\": \"fp8\", \"weight_block_size\": [64, 32]}");
    assertThat(block).isEqualTo(float8("_scale_inv", new Quantization.Blocks(64, 32)));
    assertThat(quantization("{\"quant_method\": \"fp8\", \"weight_block_size\": null}").blocks())
        .isEqualTo(new Quantization.Blocks(0, 0));
    assertThat(quantization(group("\"channel\"")))
        .isEqualTo(float8("_scale", new Quantization.Blocks(1, 0)));
    assertThat(quantization(group("\"tensor\"")).blocks()).isEqualTo(new Quantization.Blocks(0, 0));
    assertThat(quantization(group("\"block\", \"block_structure\": [16, 8]")).blocks())
        .isEqualTo(new Quantization.Blocks(16, 8));
    assertThat(quantization("null")).isEqualTo(Quantization.NONE);
    assertThat(new Quantization.Blocks(1, 0).of(5, 7)).isEqualTo(new Quantization.Blocks(1, 7));
  }

  @Test
  void missingSize() {
    JsonObject config = minimal("llama");
    config.remove("vocab_size");
    assertThatThrownBy(() -> parse(config))
        .hasMessage("vocab_size is missing in f.json; it must be a whole number of 1 or more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\": | f.json is not valid JSON at line 1 column 6; download the file again",
        "{a: 1} | f.json is not valid JSON at line 1 column 3; download the file again",
        "{} {} | f.json is not valid JSON at line 1 column 5; download the file again",
        "[1] | f.json is not a JSON object but [1]; download the file again",
        "<html> | f.json is an HTML page, not the file itself; download it again, logged in if the"
            + " model asks for it",
        "version https://git-lfs.github.com/spec/v1 | f.json is a pointer of Git LFS, not the file"
            + " itself; fetch it with 'git lfs pull'",
        "`` | f.json is not a JSON object but null; download the file again",
      })
  void notJson(String json, String message) {
    assertThatThrownBy(() -> ModelConfig.parse(json, "f.json"))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }

  @Test
  void longValuesAreShownShortened() {
    String value =
        IntStream.range(0, 50).mapToObj(String::valueOf).collect(Collectors.joining(","));
    assertThatThrownBy(() -> parse(with("llama", "hidden_size", "[" + value + "]")))
        .hasMessage(
            "hidden_size is [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,…"
                + " in f.json; it must be a whole number of 1 or more");
  }

  private static double yarnFactor(String field) {
    String scaling =
        "{\"rope_type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 512, "
            + field
            + "}";
    return parse(with("llama", "rope_parameters", scaling))
        .attentions()
        .get(0)
        .rope()
        .attentionFactor();
  }

  private static List<Integer> windows(JsonObject config) {
    return parse(config).attentions().stream().map(AttentionSpec::window).toList();
  }

  private static JsonObject minimal(String modelType) {
    JsonObject config = new JsonObject();
    config.addProperty("model_type", modelType);
    config.addProperty("vocab_size", 256);
    config.addProperty("hidden_size", 128);
    config.addProperty("intermediate_size", 64);
    config.addProperty("num_hidden_layers", 3);
    config.addProperty("num_attention_heads", 32);
    if (modelType.equals("gemma4_text")) {
      config.addProperty("global_head_dim", 8);
      config.addProperty("hidden_size_per_layer_input", 8);
    }
    if (modelType.equals("deepseek_v3")) {
      List.of("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "kv_lora_rank")
          .forEach(size -> config.addProperty(size, 4));
    }
    if (modelType.equals("gpt_oss")) {
      config.add("rope_parameters", JsonParser.parseString("{\"rope_type\": \"default\"}"));
    }
    // Of mixtures of experts; other families have none.
    List.of("num_experts", "num_local_experts", "n_routed_experts")
        .forEach(experts -> config.addProperty(experts, 16));
    config.addProperty("moe_intermediate_size", 8);
    config.addProperty("shared_expert_intermediate_size", 8);
    return config;
  }

  private static JsonObject with(String modelType, String field, String value) {
    JsonObject config = minimal(modelType);
    config.add(field, JsonParser.parseString(value));
    return config;
  }

  /** All that mixtures need to be said. */
  private static void addExperts(JsonObject config) {
    for (String name : List.of("num_experts", "num_local_experts", "n_routed_experts")) {
      config.addProperty(name, 8);
    }
    for (String name :
        List.of(
            "moe_intermediate_size",
            "shared_expert_intermediate_size",
            "qk_rope_head_dim",
            "qk_nope_head_dim",
            "v_head_dim",
            "kv_lora_rank")) {
      config.addProperty(name, 16);
    }
    config.addProperty("num_experts_per_tok", 2);
    config.addProperty("n_group", 1);
    config.addProperty("topk_group", 1);
    JsonObject rope = new JsonObject();
    rope.addProperty("rope_type", "default");
    config.add("rope_parameters", rope);
  }

  private static RopeSpec rope(double attentionFactor, float[] frequencies) {
    return new RopeSpec(
        IntStream.range(0, frequencies.length).mapToObj(i -> (double) frequencies[i]).toList(),
        attentionFactor);
  }

  private static DecoderSpec golden(String name) throws IOException {
    return ModelConfig.parse(config(name), name);
  }

  private static String config(String golden) throws IOException {
    return Files.readString(GOLDENS.resolve(golden).resolve("config.json"));
  }

  private static DecoderSpec parse(JsonObject config) {
    return ModelConfig.parse(config.toString(), "f.json");
  }
}
