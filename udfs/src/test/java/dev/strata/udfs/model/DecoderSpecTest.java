package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DecoderSpecTest {

  @Test
  void aPlainLayer() {
    assertThat(names(spec("llama", false)))
        .containsExactly(
            "model.embed_tokens.weight [11, 6]",
            "model.layers.0.input_layernorm.weight [6]",
            "model.layers.0.self_attn.q_proj.weight [8, 6]",
            "model.layers.0.self_attn.k_proj.weight [4, 6]",
            "model.layers.0.self_attn.v_proj.weight [4, 6]",
            "model.layers.0.self_attn.o_proj.weight [6, 8]",
            "model.layers.0.post_attention_layernorm.weight [6]",
            "model.layers.0.mlp.gate_proj.weight [10, 6]",
            "model.layers.0.mlp.up_proj.weight [10, 6]",
            "model.layers.0.mlp.down_proj.weight [6, 10]",
            "model.norm.weight [6]",
            "lm_head.weight [11, 6]");
  }

  @Test
  void allThatALayerMayHave() {
    assertThat(names(spec("qwen3", true)))
        .contains(
            "model.layers.0.self_attn.q_norm.weight [4]",
            "model.layers.0.self_attn.k_norm.weight [4]")
        .doesNotContain("lm_head.weight [11, 6]");
    assertThat(names(spec("llama", true)))
        .contains(
            "model.layers.0.self_attn.q_proj.bias [8]",
            "model.layers.0.self_attn.k_proj.bias [4]",
            "model.layers.0.self_attn.v_proj.bias [4]",
            "model.layers.0.self_attn.o_proj.bias [6]",
            "model.layers.0.mlp.gate_proj.bias [10]",
            "model.layers.0.mlp.up_proj.bias [10]",
            "model.layers.0.mlp.down_proj.bias [6]")
        .doesNotContain("lm_head.weight [11, 6]");
  }

  private static List<String> names(DecoderSpec spec) {
    return spec.weights().stream().map(weight -> weight.name() + " " + weight.shape()).toList();
  }

  /** 11 tokens, 6 wide, 10 between, 2 query heads and 1 key head of 4. */
  private static DecoderSpec spec(String family, boolean tied) {
    return ModelConfig.parse(
        String.format(
            """
            {"model_type": "%s", "vocab_size": 11, "hidden_size": 6, "intermediate_size": 10,
             "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
             "num_hidden_layers": 1, "max_position_embeddings": 16, "attention_bias": %2$s,
             "mlp_bias": %2$s, "tie_word_embeddings": %2$s}
            """,
            family, tied),
        "config.json");
  }
}
