package dev.strata.udfs.store;

import dev.strata.udfs.Fuzzer;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever stands in a checkpoint's files, it opens or is refused; {@link Fuzzer} says how. */
class CheckpointFuzzTest {

  @TempDir private Path directory;
  private TinyCheckpoint files;

  @BeforeEach
  void create() {
    files = new TinyCheckpoint(directory).sharded();
  }

  private void open() throws IOException {
    Checkpoint.open(directory.toString()).close();
  }

  /** Configurations of every family, with all fields that any of them reads. */
  private List<String> configs() {
    List<String> configs = new ArrayList<>();
    for (String family : ModelConfig.families()) {
      // By default they rotate a quarter of a head, and have no attention in so few layers.
      boolean isHybrid = family.matches("qwen3_(next|5.*)");
      String rotated =
          isHybrid ? "\"partial_rotary_factor\": 0.5, \"full_attention_interval\": 2, " : "";
      configs.add(
          """
          {"model_type": "%s", "vocab_size": 11, "hidden_size": 6, "intermediate_size": 10,
           "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
           "head_dim": 4, "tie_word_embeddings": true, "eos_token_id": [2, 3],
           "num_experts": 2, "num_local_experts": 2, "n_routed_experts": 2, "num_experts_per_tok": 1,
           "moe_intermediate_size": 5, "shared_expert_intermediate_size": 4, "n_shared_experts": 1,
           "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "mlp_only_layers": [1],
           "routed_scaling_factor": 2.5, "norm_topk_prob": true, "qk_rope_head_dim": 4,
           "qk_nope_head_dim": 2, "v_head_dim": 3, "kv_lora_rank": 5, "q_lora_rank": 4,
           "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
           "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 32, "beta_slow": 1,
             "original_max_position_embeddings": 1024, "truncate": true, "mscale": 1.0,
             "long_factor": [2.0, 4.0], "short_factor": [1.0, 1.5]},
           %s"hidden_act": "silu", "attention_bias": false, "mlp_bias": false,
           "use_sliding_window": true, "sliding_window": 4096, "max_window_layers": 1,
           "layer_types": ["full_attention", "full_attention"], "quantization_config": null}
          """
              .formatted(family, rotated));
      configs.add(
          """
          {"model_type": "%s", "vocab_size": 11, "hidden_size": 6, "intermediate_size": 10,
           "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
           "head_dim": 4, %s"tie_word_embeddings": true,
           "num_experts": 2, "num_local_experts": 2, "n_routed_experts": 2, "num_experts_per_tok": 1,
           "moe_intermediate_size": 5, "shared_expert_intermediate_size": 4, "n_shared_experts": 1,
           "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "mlp_only_layers": [1],
           "routed_scaling_factor": 2.5, "norm_topk_prob": true, "qk_rope_head_dim": 4,
           "qk_nope_head_dim": 2, "v_head_dim": 3, "kv_lora_rank": 5, "q_lora_rank": 4,
           "rope_parameters": {"rope_type": "llama3", "factor": 8.0, "rope_theta": 500000.0,
             "low_freq_factor": 1.0, "high_freq_factor": 4.0,
             "original_max_position_embeddings": 8192},
           "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": false}}
          """
              .formatted(family, rotated));
    }
    return configs;
  }

  /** The tensors are Llama's: that other families lack some is said when all else is read. */
  private void openButForTensors() throws IOException {
    try {
      open();
    } catch (StrataException e) {
      if (!e.getMessage().endsWith("; use the files of one model")) {
        throw e;
      }
    }
  }

  @Test
  void configurations() {
    Fuzzer.run(
        configs(),
        text -> {
          files.write("config.json", text);
          openButForTensors();
        });
  }

  @Test
  void indexes() {
    Fuzzer.run(
        List.of(files.index().toString()),
        text -> {
          files.write(TinyCheckpoint.INDEX, text);
          open();
        });
  }

  @Test
  void headers() throws IOException {
    byte[] shard = Files.readAllBytes(files.path(TinyCheckpoint.SHARD_1));
    int length = (int) ByteBuffer.wrap(shard).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Fuzzer.run(
        List.of(new String(shard, 8, length, StandardCharsets.UTF_8)),
        text -> {
          byte[] header = text.getBytes(StandardCharsets.UTF_8);
          ByteBuffer changed =
              ByteBuffer.allocate(shard.length - length + header.length)
                  .order(ByteOrder.LITTLE_ENDIAN);
          changed.putLong(header.length).put(header);
          changed.put(shard, 8 + length, shard.length - 8 - length);
          files.write(TinyCheckpoint.SHARD_1, changed.array());
          open();
        });
  }

  @Test
  void generationConfigurations() {
    Fuzzer.run(
        List.of(
            """
            {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.1,
             "repetition_penalty": 1.1, "max_new_tokens": 512, "min_new_tokens": 1, "min_length": 2,
             "no_repeat_ngram_size": 3, "suppress_tokens": [1, 2], "begin_suppress_tokens": [3],
             "bad_words_ids": [[1], [2, 3]], "stop_strings": ["a", "b"], "num_beams": 2,
             "guidance_scale": 1.5, "sequence_bias": [[[1], 0.5]], "eos_token_id": [2, 3]}
            """),
        text -> {
          files.write("generation_config.json", text);
          open();
        });
  }
}
