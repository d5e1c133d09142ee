package dev.strata.udfs.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.ExpertKernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who chose whom, block by block, also where a layer gives fewer experts than others. */
class ChoicesTest {

  private static final int EXPERTS = 4;

  /** Token i likes expert i % 4 best and the one behind it second. */
  private static float[] scores(int first, int tokens) {
    float[] scores = new float[tokens * EXPERTS];
    for (int i = 0; i < tokens; i++) {
      scores[i * EXPERTS + (first + i) % EXPERTS] = 2;
      scores[i * EXPERTS + (first + i + 1) % EXPERTS] = 1;
    }
    return scores;
  }

  @ParameterizedTest
  @CsvSource({"2, 3, 1, 2", "1, 2, 1, 1"})
  void eachExpertKnowsItsTokens(int chosen, int ofFirst, int inFirstBlock, int inSecondBlock) {
    RoutingSpec routing =
        new RoutingSpec(EXPERTS, chosen, RoutingSpec.Scoring.SOFTMAX, null, 1, 1, false, 1);
    TokenBlock first = new TokenBlock(0, 3, List.of());
    TokenBlock second = new TokenBlock(3, 3, List.of());
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", 1);
        Choices choices = new Choices(device, 8, 2)) {
      for (TokenBlock block : List.of(first, second)) {
        try (Tensor flat = device.floats(scores(block.first(), block.tokens()));
            Tensor scores =
                device.kernels().reshape("test", flat, NumberType.FLOAT32, 3, EXPERTS)) {
          choices.choose(scores, block, routing, device.none());
        }
      }
      choices.settle(List.of(first, second), routing);
      assertThat(choices.count(0)).isEqualTo(ofFirst);
      assertThat(choices.count(0, first)).isEqualTo(inFirstBlock);
      assertThat(choices.count(0, second)).isEqualTo(inSecondBlock);
      int all = 0;
      for (int expert = 0; expert < EXPERTS; expert++) {
        all += choices.count(expert);
      }
      assertThat(all).isEqualTo(6 * chosen);
      ExpertKernels.Chosen behind = choices.chosen(0, second);
      assertThat(behind.begin()).isEqualTo(6);
      assertThat(behind.count()).isEqualTo(inSecondBlock);
    }
  }
}
