package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.api.ThrowableAssert;
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

  private static Step.Product product(
      int rows, int columns, Step.Use use, Activation activation, Buffer.Columns target) {
    Buffer source = new Buffer("x", 6);
    WeightSpec matrix = WeightSpec.matrix("w", rows, columns);
    return new Step.Product(matrix, null, source, use, activation, target);
  }

  @Test
  void widthsThatDoNotFitAreRefused() {
    Buffer buffer = new Buffer("y", 8);
    Step.Use store = Step.Use.STORE;
    Activation none = Activation.NONE;
    assertThat(product(4, 6, store, none, buffer.columns(4, 4)).filled()).isEqualTo(buffer);
    assertRefused(() -> product(4, 5, store, none, buffer.columns(4, 4)));
    assertRefused(() -> product(5, 6, store, none, buffer.columns(4, 4)));
    assertRefused(() -> product(4, 6, store, Activation.SILU, buffer.columns(4, 4)));
    assertRefused(() -> product(4, 6, Step.Use.MULTIPLY, none, buffer.columns(4, 4)));
    assertRefused(() -> product(8, 6, Step.Use.ADD, none, buffer.all()));
    assertRefused(() -> product(8, 6, store, none, null));
    assertRefused(() -> buffer.columns(5, 4));
    assertRefused(() -> WeightSpec.matrix("w", 8, 6).rows(5, 4));
    AttentionSpec attention = AttentionSpec.of(2, 1, 4, null);
    assertRefused(() -> new Step.Attend(new Buffer("qkv", 15), attention, buffer));
    assertRefused(() -> new Step.Attend(new Buffer("qkv", 16), attention, new Buffer("y", 7)));
  }

  private static void assertRefused(ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
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
