package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.tensor.NumberType;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans of a model whose rows have states of some 76 MiB, of the sizes of Qwen3-Next. */
class HybridPlanTest {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final DeviceTraits CUDA = StagedLayoutTest.CUDA;
  private static final DeviceTraits CPU =
      new DeviceTraits(NumberType.FLOAT32, true, false, false, 2);

  private static final DecoderSpec SPEC =
      ModelConfig.parse(
          """
          {"model_type": "qwen3_next", "vocab_size": 151936, "hidden_size": 2048,
           "intermediate_size": 5120, "num_attention_heads": 16, "num_hidden_layers": 48,
           "num_key_value_heads": 2, "head_dim": 256, "max_position_embeddings": 262144,
           "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512,
           "shared_expert_intermediate_size": 512}
          """,
          "f.json");

  private static final long ROW_BYTES = 36L * 4 * (32 * 128 * 128 + 3 * 8192);

  private static ModelSize size() {
    return new ModelSize(
        SPEC,
        Set.of(ElementType.BF16),
        2L * 5120,
        SPEC.layerStages().flatMap(stage -> sizes(stage).stream()).toList(),
        SPEC.layerStages().map(HybridPlanTest::sizes).collect(Collectors.toSet()),
        512,
        SPEC.layerStages().filter(Stage::isExpert).map(HybridPlanTest::sizes).findFirst().get(),
        1 << 20);
  }

  private static List<ModelSize.MatrixSize> sizes(Stage stage) {
    return stage
        .matrices()
        .map(matrix -> new ModelSize.MatrixSize(matrix.rows(), 2L * matrix.columns()))
        .toList();
  }

  private static MemoryPlan plan(DeviceTraits device, long onDevice, long onHost, int wave) {
    EngineOptions options =
        new EngineOptions(
            "model", "auto", onDevice, onHost, "auto", 0, wave, 0, 0, 0, 512, false, "auto",
            "cached");
    return MemoryPlan.of(size(), options, device);
  }

  @ParameterizedTest
  @ValueSource(longs = {16, 64, 160})
  void theWaveIsAsLargeAsStatesLeaveRoomFor(long gibibytes) {
    MemoryPlan plan = plan(CUDA, 4 * GIB, gibibytes * GIB, 0);
    assertThat(plan.states().onHost()).isTrue();
    assertThat(plan.waveRows()).isLessThanOrEqualTo(plan.states().places() * 10 / 9 + 1);
    long states = plan.hostParts().get(StatePool.OWNER);
    assertThat(states).isBetween(plan.states().places() * ROW_BYTES, gibibytes * GIB);
    assertThat(plan.hostBytes()).isLessThanOrEqualTo(gibibytes * GIB);
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(4 * GIB);
    assertThat(plan.states().places()).isGreaterThanOrEqualTo(plan.waveRows() * 9 / 10);
    // At least half of the memory is states, keys and values where all rows are not in it.
    if (plan.waveRows() < 1024) {
      assertThat(states).isGreaterThan(gibibytes * GIB / 4);
    }
    assertThat(plan.describe()).contains("states in host memory, 15 rows at a time");
  }

  @Test
  void aSmallWaveHasItsStatesOnALargeDevice() {
    MemoryPlan plan = plan(CUDA, 40 * GIB, 32 * GIB, 32);
    assertThat(plan.states().onHost()).isFalse();
    assertThat(plan.states().places()).isEqualTo(32);
    assertThat(plan.deviceParts().get(StatePool.OWNER)).isEqualTo(32 * ROW_BYTES);
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(40 * GIB);
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 32, 128})
  void statesBoundTheWaveOfACpu(long gibibytes) {
    MemoryPlan plan = plan(CPU, 0, gibibytes * GIB, 0);
    assertThat(plan.hostParts().get(StatePool.OWNER)).isEqualTo(plan.states().places() * ROW_BYTES);
    assertThat(plan.states().places()).isEqualTo(Math.max(2, plan.waveRows()));
    assertThat(plan.hostBytes()).isLessThanOrEqualTo(gibibytes * GIB);
    assertThat(plan.waveRows()).isGreaterThanOrEqualTo((int) (gibibytes * GIB / ROW_BYTES / 3));
  }

  /** A row may have two places, and the memory that is asked for holds them. */
  @Test
  void whatIsAskedForIsEnough() {
    for (DeviceTraits device : List.of(CPU, CUDA)) {
      assertThatThrownBy(() -> plan(device, 4 * GIB, 100 * MIB, 1))
          .isInstanceOf(StrataException.class)
          .satisfies(
              refused -> {
                String message = refused.getMessage();
                long needed =
                    Long.parseLong(
                        message.substring(message.lastIndexOf('=') + 1, message.length() - 1));
                assertThat(needed * MIB).isGreaterThan(2 * ROW_BYTES);
                MemoryPlan plan = plan(device, 4 * GIB, needed * MIB, 1);
                assertThat(plan.states().places()).isGreaterThanOrEqualTo(2);
                assertThat(plan.hostBytes()).isLessThanOrEqualTo(needed * MIB);
              });
    }
  }
}
