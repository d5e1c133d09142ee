package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.StrataException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What families read of fields that their goldens do not have, and its defaults. */
class FamiliesTest {

  private static DecoderSpec read(String modelType, String fields) {
    JsonObject config =
        JsonParser.parseString(
                """
                {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48,
                 "num_attention_heads": 4, "num_hidden_layers": 6, "num_key_value_heads": 2,
                 "head_dim": 8}
                """)
            .getAsJsonObject();
    config.addProperty("model_type", modelType);
    JsonParser.parseString("{" + fields + "}")
        .getAsJsonObject()
        .entrySet()
        .forEach(field -> config.add(field.getKey(), field.getValue()));
    return ModelConfig.parse(config.toString(), "f.json");
  }

  private static List<Integer> windows(DecoderSpec spec) {
    return spec.attentions().stream().map(AttentionSpec::window).toList();
  }

  private static List<Boolean> rotates(DecoderSpec spec) {
    return spec.attentions().stream().map(attention -> attention.rope() != null).toList();
  }

  private static double theta(RopeSpec rope) {
    return Math.pow(rope.inverseFrequencies().get(1), -rope.inverseFrequencies().size());
  }

  @Test
  void everySecondLayerOfGemma2Slides() {
    DecoderSpec spec = read("gemma2", "\"sliding_window\": 16");
    assertThat(windows(spec)).containsExactly(16, 0, 16, 0, 16, 0);
    assertThat(spec.attentions().get(0).softCap()).isEqualTo(50);
    assertThat(spec.attentions().get(0).scale()).isEqualTo(1.0 / 16);
    assertThat(spec.head().softCap()).isEqualTo(30);
    assertThat(spec.tiedHead()).isTrue();
    assertThat(spec.embeddingScale()).isEqualTo((float) Math.sqrt(32));
    assertThat(spec.head().norm().offset()).isEqualTo(1);
    assertThat(spec.scoresPlainly()).isFalse();
  }

  @Test
  void aNullMeansNoCapOfGemma2() {
    DecoderSpec spec =
        read("gemma2", "\"attn_logit_softcapping\": null, \"final_logit_softcapping\": null");
    assertThat(spec.scoresPlainly()).isTrue();
    assertThat(spec.head().softCap()).isZero();
  }

  /** As the models' own files have it. */
  @Test
  void gemma3OfTheOlderForm() {
    DecoderSpec spec =
        read(
            "gemma3_text",
            "\"rope_theta\": 1000000.0, \"rope_local_base_freq\": 10000.0, \"sliding_window\": 4,"
                + " \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0},"
                + " \"sliding_window_pattern\": 3, \"max_position_embeddings\": 4096");
    assertThat(windows(spec)).containsExactly(4, 4, 0, 4, 4, 0);
    assertThat(spec.contextLength()).isEqualTo(4096);
    RopeSpec local = spec.attentions().get(0).rope();
    RopeSpec global = spec.attentions().get(2).rope();
    assertThat(theta(local)).isCloseTo(10_000, within(1.0));
    assertThat(global)
        .isEqualTo(
            read(
                    "gemma3_text",
                    "\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"linear\","
                        + " \"factor\": 8.0, \"rope_theta\": 1000000.0}, \"sliding_attention\":"
                        + " {\"rope_type\": \"default\", \"rope_theta\": 10000.0}}")
                .attentions()
                .get(5)
                .rope());
  }

  /** As the models' own files have it. */
  @Test
  void layersOfGemma4() {
    DecoderSpec spec = read("gemma4_text", "\"global_head_dim\": 16, \"sliding_window\": 4");
    assertThat(windows(spec)).containsExactly(4, 4, 4, 4, 4, 0);
    assertThat(spec.attentions().stream().map(AttentionSpec::headDim))
        .containsExactly(8, 8, 8, 8, 8, 16);
    assertThat(spec.attentions().get(5).scale()).isEqualTo(1);
    assertThat(spec.attentions().get(5).values()).isEqualTo(AttentionSpec.Values.NORMED);
    assertThat(spec.attentions().get(5).rope().inverseFrequencies().subList(2, 8))
        .containsOnly(0.0);
    assertThat(spec.carriedWidth()).isEqualTo(6 * 256);
    assertThat(spec.stateWidth()).isEqualTo(32 + 6 * 256);
    assertThat(spec.tiedHead()).isTrue();
    assertThat(spec.head().norm().isExact()).isTrue();
    assertThat(windows(read("gemma4_text", "\"layer_types\": " + SLIDING_ALL))).endsWith(512, 0);
  }

  private static final String SLIDING_ALL =
      "[\"sliding_attention\", \"sliding_attention\", \"sliding_attention\","
          + " \"sliding_attention\", \"sliding_attention\", \"sliding_attention\"]";

  @Test
  void keysAndValuesOfGemma4() {
    String both =
        "\"layer_types\": [\"sliding_attention\","
            + " \"full_attention\", \"sliding_attention\", \"full_attention\","
            + " \"sliding_attention\", \"full_attention\"], \"global_head_dim\": 8, ";
    DecoderSpec shared =
        read("gemma4_text", both + "\"num_kv_shared_layers\": 3, \"use_double_wide_mlp\": true");
    assertThat(shared.attentions().stream().map(AttentionSpec::keysOf))
        .containsExactly(-1, -1, -1, 1, 2, 1);
    assertThat(intermediates(shared)).containsExactly(48, 48, 48, 96, 96, 96);
    DecoderSpec equal =
        read("gemma4_text", both + "\"attention_k_eq_v\": true, \"num_global_key_value_heads\": 1");
    assertThat(equal.attentions().stream().map(AttentionSpec::kvHeads))
        .containsExactly(2, 1, 2, 1, 2, 1);
    assertThat(equal.attentions().get(1).values()).isEqualTo(AttentionSpec.Values.NORMED_KEYS);
  }

  @Test
  void tokensOfGemmaDoNotAttendToThoseBehindThem() {
    for (String family : List.of("gemma2", "gemma3_text")) {
      assertThatThrownBy(() -> read(family, "\"use_bidirectional_attention\": true"))
          .isInstanceOf(StrataException.class)
          .hasMessage("use_bidirectional_attention is true in f.json; it must be false");
    }
  }

  /** Its configuration has the field, which transformers reads and does not use. */
  @Test
  void scoresOfGemma3HaveNoCap() {
    assertThat(read("gemma3_text", "\"attn_logit_softcapping\": 50.0").scoresPlainly()).isTrue();
  }

  @Test
  void expertsOfGemma4AreBesideItsFeedForward() {
    String mixture =
        "\"enable_moe_block\": true, \"num_experts\": 8, \"moe_intermediate_size\": 16,"
            + " \"hidden_size_per_layer_input\": 4, \"top_k_experts\": ";
    DecoderSpec spec = read("gemma4_text", mixture + 3);
    assertThat(expertsOfLayers(spec)).containsExactly(8, 8, 8, 8, 8, 8);
    RoutingSpec routing = routing(spec);
    assertThat(routing)
        .isEqualTo(
            RoutingSpec.of(8, 3, RoutingSpec.Scoring.SOFTMAX, true)
                .withScales(1 / Math.sqrt(32), routing.expertScales()));
    assertThat(spec.stateWidth()).isEqualTo(32 + 6 * 4 + 32);
    assertThatThrownBy(() -> read("gemma4_text", mixture + 9))
        .isInstanceOf(StrataException.class)
        .hasMessage("f.json cannot be used: top_k_experts is 9, but there are 8 experts");
  }

  private static List<Integer> intermediates(DecoderSpec spec) {
    return spec.layerStages()
        .flatMap(stage -> stage.steps().stream())
        .filter(Step.Product.class::isInstance)
        .map(Step.Product.class::cast)
        .filter(product -> product.label().equals("gate_proj"))
        .map(product -> product.matrix().rows())
        .toList();
  }

  @Test
  void everyFourthLayerOfSmolLm3DoesNotTurn() {
    assertThat(rotates(read("smollm3", "\"rope_theta\": 5000000.0")))
        .containsExactly(true, true, true, false, true, true);
    assertThat(rotates(read("smollm3", "\"no_rope_layers\": [0, 1, 1, 1, 1, 0]")))
        .containsExactly(false, true, true, true, true, false);
    assertThat(windows(read("smollm3", "\"use_sliding_window\": true, \"sliding_window\": 4")))
        .containsExactly(0, 0, 0, 4, 0, 0);
    assertThat(windows(read("smollm3", "\"sliding_window\": 4"))).containsOnly(0);
    assertThatThrownBy(() -> read("smollm3", "\"no_rope_layers\": [1]"))
        .isInstanceOf(StrataException.class)
        .hasMessage("f.json cannot be used: no_rope_layers has 1 entries for 6 layers");
  }

  /** The pattern of the 32B is a text; the 1.2B has no windows. */
  @Test
  void slidingLayersAloneTurnInExaone4() {
    DecoderSpec large =
        read("exaone4", "\"sliding_window\": 16, \"sliding_window_pattern\": \"LLLG\"");
    assertThat(windows(large)).containsExactly(16, 16, 16, 0, 16, 16);
    assertThat(rotates(large)).containsExactly(true, true, true, false, true, true);
    DecoderSpec small = read("exaone4", "\"sliding_window\": null, \"sliding_window_pattern\": 0");
    assertThat(windows(small)).containsOnly(0);
    assertThat(rotates(small)).containsOnly(true);
  }

  @Test
  void everyFourthLayerOfOlmo3SeesAll() {
    DecoderSpec spec = read("olmo3", "\"sliding_window\": 16");
    assertThat(windows(spec)).containsExactly(16, 16, 16, 0, 16, 16);
    assertThat(rotates(spec)).containsOnly(true);
    assertThat(windows(read("olmo3", "\"sliding_window\": null"))).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({"phi3, 0.5, 2", "phi3, 1, 4", "glm4, 0.25, 1"})
  void aPartOfAHeadTurns(String modelType, double part, int frequencies) {
    for (String place : List.of("%s", "\"rope_parameters\": {%s}")) {
      String field = String.format("\"partial_rotary_factor\": %s", part);
      RopeSpec rope = read(modelType, String.format(place, field)).attentions().get(0).rope();
      assertThat(rope.inverseFrequencies()).hasSize(frequencies);
      assertThat(rope.pairs()).isEqualTo(modelType.equals("glm4"));
    }
    assertThat(read("glm4", "\"rope_theta\": 1").attentions().get(0).rope().inverseFrequencies())
        .hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"0.4", "1.5", "0.1"})
  void aPartWithoutPairsIsRefused(double part) {
    assertThatThrownBy(() -> read("phi3", "\"partial_rotary_factor\": " + part))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "f.json cannot be used: partial_rotary_factor %s of a head of 8 is no pairs", part);
  }

  /** As Phi-3's own files have it, under the name that they had it first. */
  @ParameterizedTest
  @ValueSource(strings = {"longrope", "su", "yarn"})
  void longropeOfPhi3(String name) {
    DecoderSpec spec =
        read(
            "phi3",
            "\"original_max_position_embeddings\": 4096, \"max_position_embeddings\": 131072,"
                + " \"rope_scaling\": {\"short_factor\": [1, 1, 1, 1], \"long_factor\": [1, 2, 4, 8],"
                + " \"type\": \""
                + name
                + "\"}");
    RopeSpec rope = spec.attentions().get(0).rope();
    RopeSpec plain = read("phi3", "\"rope_theta\": 10000.0").attentions().get(0).rope();
    assertThat(rope.inverseFrequencies()).isEqualTo(plain.inverseFrequencies());
    assertThat(rope.attentionFactor()).isEqualTo(Math.sqrt(1 + Math.log(32) / Math.log(4096)));
    assertThat(rope.longer().above()).isEqualTo(4096);
    for (int i = 0; i < 4; i++) {
      assertThat(rope.longer().inverseFrequencies().get(i) * (1 << i))
          .isCloseTo(plain.inverseFrequencies().get(i), within(1e-7));
    }
    assertThat(spec.contextLength()).isEqualTo(131_072);
    assertThat(spec.rotatesByLength()).isTrue();
    assertThatThrownBy(
            () ->
                read(
                    "phi3",
                    "\"rope_scaling\": {\"type\": \"su\", \"short_factor\": [1, 1, 1, 1],"
                        + " \"long_factor\": [1, 2, 4]}"))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "rope_scaling.long_factor is [1,2,4] in f.json; it must be a list of 4 numbers above"
                + " 0");
  }

  @Test
  void queriesOfMinistral3GrowBehindThePretrainedLength() {
    RopeSpec rope =
        read(
                "ministral3",
                "\"rope_parameters\": {\"rope_type\": \"yarn\", \"factor\": 16, \"rope_theta\": 1e6,"
                    + " \"original_max_position_embeddings\": 16384, \"llama_4_scaling_beta\": 0.1}")
            .attentions()
            .get(0)
            .rope();
    assertThat(rope.beta()).isEqualTo(0.1);
    assertThat(rope.length()).isEqualTo(16_384);
    assertThat(read("ministral3", "\"rope_theta\": 1e6").attentions().get(0).rope().beta())
        .isZero();
  }

  @Test
  void matricesOfOneTensorAreRowsOfIt() {
    List<WeightSpec> ofPhi =
        read("phi3", "\"rms_norm_eps\": 1e-5").layers().get(0).stages().get(1).matrices().toList();
    String name = "model.layers.0.mlp.gate_up_proj.weight";
    assertThat(ofPhi.get(0)).isEqualTo(new WeightSpec(name, List.of(96L, 32L), 0, 48, 0));
    assertThat(ofPhi.get(1)).isEqualTo(new WeightSpec(name, List.of(96L, 32L), 48, 48, 0));
  }

  @Test
  void graniteScales() {
    DecoderSpec spec =
        read(
            "granite",
            "\"embedding_multiplier\": 12, \"logits_scaling\": 8, \"attention_multiplier\": 0.5,"
                + " \"residual_multiplier\": 0.22");
    assertThat(spec.embeddingScale()).isEqualTo(12);
    assertThat(spec.head().scale()).isEqualTo(0.125);
    assertThat(spec.attentions().get(0).scale()).isEqualTo(0.5);
    assertThat(
            spec.steps().filter(Step.Add.class::isInstance).map(step -> ((Step.Add) step).scale()))
        .hasSize(12)
        .containsOnly(0.22);
  }

  @Test
  void seedOssHasBiasesOfQueryKeyAndValueUnlessItSaysOtherwise() {
    assertThat(biases(read("seed_oss", "\"mlp_bias\": true")))
        .containsExactly("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj");
    assertThat(biases(read("seed_oss", "\"attention_bias\": false, \"attention_out_bias\": true")))
        .containsExactly("o_proj");
  }

  /** As LLaVA's and Gemma 3's own files have it, which leave out what their classes have. */
  @Test
  void theModelOfTextsAmongOthers() {
    DecoderSpec llava =
        ModelConfig.parse(
            "{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"llama\","
                + " \"vocab_size\": 32064}, \"vision_config\": {\"hidden_size\": 1024}}",
            "f.json");
    assertThat(llava.family()).isEqualTo("llama");
    assertThat(llava.vocabSize()).isEqualTo(32_064);
    assertThat(llava.hiddenSize()).isEqualTo(4_096);
    assertThat(llava.layers()).hasSize(32);
    assertThat(llava.tiedHead()).isFalse();
    String gemma = "\"text_config\": {\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 34}";
    DecoderSpec tied = ModelConfig.parse("{\"model_type\": \"gemma3\", " + gemma + "}", "f.json");
    assertThat(tied.vocabSize()).isEqualTo(262_208);
    assertThat(tied.attentions().get(33).heads()).isEqualTo(8);
    assertThat(tied.tiedHead()).isTrue();
    String untied = "{\"model_type\": \"gemma3\", \"tie_word_embeddings\": false, " + gemma + "}";
    assertThat(ModelConfig.parse(untied, "f.json").tiedHead()).isFalse();
  }

  @Test
  void anUnknownModelOfTextsAmongOthers() {
    assertThatThrownBy(
            () ->
                ModelConfig.parse(
                    "{\"model_type\": \"x\", \"text_config\": {\"model_type\": \"t5\"}}", "f.json"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith(
            "text_config.model_type t5 in f.json is not supported; use a model");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"llama\"},"
            + " \"quantization_config\": {\"quant_method\": \"awq\"}}",
        "{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"llama\","
            + " \"quantization_config\": {\"quant_method\": \"awq\"}}}"
      })
  void aQuantisedModelOfTextsAmongOthers(String config) {
    assertThatThrownBy(() -> ModelConfig.parse(config, "f.json"))
        .hasMessageContaining("has a quantization_config (awq)");
  }

  private static List<String> biases(DecoderSpec spec) {
    return spec.layers().get(0).stages().stream()
        .flatMap(stage -> stage.steps().stream())
        .filter(Step.Product.class::isInstance)
        .map(Step.Product.class::cast)
        .filter(product -> product.bias() != null)
        .map(Step::label)
        .toList();
  }

  private static List<Integer> expertsOfLayers(DecoderSpec spec) {
    return spec.layers().stream()
        .map(layer -> (int) layer.stages().stream().filter(Stage::isExpert).count())
        .toList();
  }

  private static RoutingSpec routing(DecoderSpec spec) {
    return spec.steps()
        .filter(Step.Route.class::isInstance)
        .map(step -> ((Step.Route) step).routing())
        .findFirst()
        .orElseThrow();
  }

  private static final String QWEN_MIXTURE =
      "\"num_experts\": 8, \"moe_intermediate_size\": 16, \"shared_expert_intermediate_size\": 24";

  @Test
  void layersOfQwenMayBeDense() {
    assertThat(expertsOfLayers(read("qwen3_moe", QWEN_MIXTURE))).containsExactly(8, 8, 8, 8, 8, 8);
    String some = ", \"decoder_sparse_step\": 2, \"mlp_only_layers\": [3]";
    for (String family : List.of("qwen2_moe", "qwen3_moe")) {
      assertThat(expertsOfLayers(read(family, QWEN_MIXTURE + some)))
          .containsExactly(0, 8, 0, 0, 0, 8);
    }
  }

  @Test
  void someOfTheFirstLayersOfQwenMixturesSlide() {
    String windows =
        ", \"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 3";
    assertThat(windows(read("qwen2_moe", QWEN_MIXTURE + windows)))
        .containsExactly(16, 0, 16, 0, 0, 0);
    assertThat(windows(read("qwen2", windows.substring(2)))).containsExactly(0, 0, 0, 16, 16, 16);
  }

  @Test
  void mixturesHaveTheDefaultsOfTheirConfigurations() {
    assertThat(routing(read("qwen2_moe", QWEN_MIXTURE)))
        .isEqualTo(RoutingSpec.of(8, 4, RoutingSpec.Scoring.SOFTMAX, false));
    assertThat(routing(read("qwen3_moe", QWEN_MIXTURE)))
        .isEqualTo(RoutingSpec.of(8, 8, RoutingSpec.Scoring.SOFTMAX, false));
    assertThat(routing(read("mixtral", "\"num_local_experts\": 4")))
        .isEqualTo(RoutingSpec.of(4, 2, RoutingSpec.Scoring.SOFTMAX, true));
    String stretched = ", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 32}";
    assertThat(routing(read("gpt_oss", "\"num_local_experts\": 4" + stretched)))
        .isEqualTo(RoutingSpec.of(4, 4, RoutingSpec.Scoring.CHOSEN_SOFTMAX, false));
    RoutingSpec ofGlm =
        routing(read("glm4_moe", "\"n_routed_experts\": 8, \"moe_intermediate_size\": 16"));
    assertThat(ofGlm.chosen()).isEqualTo(8);
    assertThat(ofGlm.groups()).isEqualTo(1);
    assertThat(ofGlm.normalised()).isTrue();
    assertThat(ofGlm.scale()).isEqualTo(1);
    assertThat(ofGlm.correction().use()).isEqualTo(WeightSpec.Use.EXACT_VECTOR);
  }

  private static final String LATENT =
      "\"qk_rope_head_dim\": 4, \"qk_nope_head_dim\": 12, \"v_head_dim\": 6, \"kv_lora_rank\": 10,"
          + " \"n_routed_experts\": 16, \"moe_intermediate_size\": 16";

  @Test
  void latentAttentionIsOfOneKeyHead() {
    DecoderSpec spec = read("deepseek_v3", LATENT);
    AttentionSpec attention = spec.attentions().get(0);
    assertThat(attention.kvHeads()).isEqualTo(1);
    assertThat(attention.headDim()).isEqualTo(14);
    assertThat(attention.scale()).isEqualTo(1 / Math.sqrt(16));
    assertThat(attention.rope().pairs()).isTrue();
    assertThat(attention.rope().inverseFrequencies()).hasSize(2);
    assertThat(expertsOfLayers(spec)).containsExactly(0, 0, 0, 16, 16, 16);
    RoutingSpec routing = routing(spec);
    assertThat(List.of(routing.groups(), routing.groupsChosen(), routing.chosen()))
        .containsExactly(8, 4, 8);
    assertThat(routing.scale()).isEqualTo(2.5);
    assertThat(weights(spec)).contains("model.layers.0.self_attn.q_proj.weight");
    assertThat(weights(read("deepseek_v3", LATENT + ", \"q_lora_rank\": 8")))
        .contains("model.layers.0.self_attn.q_a_proj.weight")
        .doesNotContain("model.layers.0.self_attn.q_proj.weight");
  }

  private static List<String> weights(DecoderSpec spec) {
    return spec.weights().stream().map(WeightSpec::name).toList();
  }

  /**
   * As DeepSeek's own configuration has it: the factor of cosines is one, that of scores is not.
   */
  @Test
  void scoresOfLatentAttentionGrowWhereItsRopeIsStretched() {
    String rope =
        ", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 40, \"mscale\": 1.0,"
            + " \"mscale_all_dim\": 1.0, \"original_max_position_embeddings\": 4096},"
            + " \"rope_interleave\": false";
    AttentionSpec attention = read("deepseek_v3", LATENT + rope).attentions().get(0);
    double temperature = 0.1 * Math.log(40) + 1;
    assertThat(attention.scale()).isCloseTo(temperature * temperature / 4, within(1e-12));
    assertThat(attention.rope().attentionFactor()).isEqualTo(1);
    assertThat(attention.rope().pairs()).isFalse();
  }

  @Test
  void kimiIsOfTheFormOfDeepSeek() {
    DecoderSpec kimi = read("kimi_k2", LATENT);
    assertThat(kimi.layers()).isEqualTo(read("deepseek_v3", LATENT).layers());
    assertThat(kimi.family()).isEqualTo("kimi_k2");
  }

  @Test
  void miniMaxMayCountWhatIsRotated() {
    assertThat(
            read("minimax_m2", "\"num_local_experts\": 8, \"rotary_dim\": 4")
                .attentions()
                .get(0)
                .rope()
                .inverseFrequencies())
        .hasSize(2);
    assertThat(
            read("minimax_m2", "\"num_local_experts\": 8")
                .attentions()
                .get(0)
                .rope()
                .inverseFrequencies())
        .hasSize(4);
  }

  @Test
  void everySecondLayerOfGptOssSlides() {
    String fields =
        "\"num_local_experts\": 4, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 32}";
    DecoderSpec spec = read("gpt_oss", fields);
    assertThat(windows(spec)).containsExactly(128, 0, 128, 0, 128, 0);
    assertThat(spec.attentions()).allMatch(attention -> attention.sinks() != null);
    assertThat(spec.scoresPlainly()).isFalse();
  }

  @Test
  void gptOssIsStretchedWhateverItDoesNotSay() {
    String few = "\"num_local_experts\": 4";
    String stretched =
        ", \"rope_theta\": 150000, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 32,"
            + " \"truncate\": false, \"original_max_position_embeddings\": 4096}";
    for (String nothing : List.of("", ", \"rope_scaling\": null")) {
      assertThat(read("gpt_oss", few + nothing)).isEqualTo(read("gpt_oss", few + stretched));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mixtral | \"num_local_experts\": 4, \"num_experts_per_tok\": 5 | is 5, but there are 4",
        "deepseek_v3 | \"n_group\": 3 | 4 of 3 groups of 16",
        "deepseek_v3 | \"topk_group\": 1 | 1 of 8 groups of 16 experts do not give 8",
        "deepseek_v3 | \"scoring_func\": \"softmax\" | scoring_func is",
        "deepseek_v3 | \"moe_layer_freq\": 2 | moe_layer_freq is 2",
        "minimax_m2 | \"num_local_experts\": 8, \"scoring_func\": \"softmax\" | scoring_func is",
        "deepseek_v3 | \"n_group\": 16, \"topk_group\": 16 | 16 of 16 groups of 16"
      })
  void choicesThatCannotBeAreRefused(String family, String fields, String message) {
    String latent = family.equals("deepseek_v3") ? LATENT + ", " : "";
    assertThatThrownBy(() -> read(family, latent + fields))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(message);
  }

  private static final String QWEN_HYBRID = QWEN_MIXTURE + ", \"num_experts_per_tok\": 2";

  private static List<Boolean> recurs(DecoderSpec spec) {
    return spec.layers().stream().map(layer -> layer.recurrence().isPresent()).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"})
  void hybridsHaveTheDefaultsOfTheirConfigurations(String family) {
    DecoderSpec spec = read(family, QWEN_HYBRID);
    assertThat(recurs(spec)).containsExactly(true, true, true, false, true, true);
    RecurrenceSpec rule = spec.recurrences().get(0);
    assertThat(rule.keyHeads()).isEqualTo(16);
    assertThat(rule.valueHeads()).isEqualTo(32);
    assertThat(rule.keyDim()).isEqualTo(128);
    assertThat(rule.valueDim()).isEqualTo(128);
    assertThat(rule.kernel()).isEqualTo(4);
    assertThat(rule.byKeyHead()).isEqualTo(family.equals("qwen3_next"));
    assertThat(rule.weights()).allMatch(WeightSpec::isExact);
    assertThat(rule.decay().name()).isEqualTo("model.layers.0.linear_attn.A_log");
    assertThat(rule.convolution().shape()).containsExactly(8192L, 1L, 4L);
    AttentionSpec attention = spec.attentions().get(0);
    assertThat(attention.rope().inverseFrequencies()).hasSize(1); // a quarter of a head of 8
    assertThat(attention.queryNorm().offset()).isEqualTo(1);
    assertThat(spec.head().norm().offset()).isEqualTo(1);
    assertThat(spec.normsExactly()).isTrue();
    assertThat(spec.contextLength()).isEqualTo(32_768);
  }

  @Test
  void hybridsRoute() {
    assertThat(routing(read("qwen3_next", QWEN_MIXTURE.replace("8", "16"))))
        .isEqualTo(RoutingSpec.of(16, 10, RoutingSpec.Scoring.SOFTMAX, true));
    assertThat(routing(read("qwen3_next", QWEN_HYBRID + ", \"norm_topk_prob\": false")))
        .isEqualTo(RoutingSpec.of(8, 2, RoutingSpec.Scoring.SOFTMAX, false));
    assertThat(routing(read("qwen3_5_moe_text", QWEN_MIXTURE)))
        .isEqualTo(RoutingSpec.of(8, 8, RoutingSpec.Scoring.SOFTMAX, true));
    String some = ", \"decoder_sparse_step\": 2, \"mlp_only_layers\": [3]";
    assertThat(expertsOfLayers(read("qwen3_next", QWEN_HYBRID + some)))
        .containsExactly(0, 8, 0, 0, 0, 8);
  }

  @Test
  void layersOfHybridsAreSaidOrFollow() {
    String types =
        "\"num_hidden_layers\": 3, \"layer_types\":"
            + " [\"full_attention\", \"linear_attention\", \"full_attention\"]";
    assertThat(recurs(read("qwen3_5_text", types))).containsExactly(false, true, false);
    assertThat(recurs(read("qwen3_5_text", "\"full_attention_interval\": 2")))
        .containsExactly(true, false, true, false, true, false);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"full_attention_interval\": 7 | f.json cannot be used: no layer has full attention",
        "\"hidden_act\": \"gelu_pytorch_tanh\" | hidden_act is \"gelu_pytorch_tanh\" in f.json; it"
            + " must be silu",
        "\"attn_output_gate\": false | attn_output_gate is false in f.json; it must be true",
        "\"linear_conv_kernel_dim\": 1 | linear_conv_kernel_dim is 1 in f.json; it must be at"
            + " least 2",
        "\"linear_num_value_heads\": 3, \"linear_num_key_heads\": 2 | f.json cannot be used:"
            + " linear_num_value_heads 3 is not a multiple of linear_num_key_heads 2",
        "\"num_hidden_layers\": 1, \"layer_types\": [\"sliding_attention\"] | layer_types is"
            + " [\"sliding_attention\"] in f.json; it must be full_attention or linear_attention"
            + " each",
      })
  void hybridsAreRefusedWithASentence(String fields, String message) {
    assertThatThrownBy(() -> read("qwen3_5_text", fields))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }
}
