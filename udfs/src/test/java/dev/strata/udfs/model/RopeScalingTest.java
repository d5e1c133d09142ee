package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/**
 * Frequencies against those that the formulas of Hugging Face's modeling_rope_utils give in numpy's
 * float32.
 */
class RopeScalingTest {

  @Test
  void plain() {
    assertFrequencies(RopeScaling.plain(10_000, 8), 1.0f, 0.1f, 0.01f, 0.001f);
    assertFrequencies(
        RopeScaling.plain(1e6, 16),
        1.0f,
        0.17782794f,
        0.03162278f,
        0.0056234132f,
        0.001f,
        0.00017782794f,
        3.1622774e-05f,
        5.6234135e-06f);
  }

  @Test
  void linear() {
    assertFrequencies(
        RopeScaling.linear(RopeScaling.plain(10_000, 8), 4), 0.25f, 0.025f, 0.0025f, 0.00025f);
  }

  @Test
  void llama3() {
    assertFrequencies(
        RopeScaling.llama3(RopeScaling.plain(500_000, 8), 8, 1, 4, 64),
        1.0f,
        0.004700754f,
        0.00017677668f,
        6.6478706e-06f);
    assertFrequencies(
        RopeScaling.llama3(RopeScaling.plain(500_000, 32), 8, 1, 4, 8_192),
        1.0f,
        0.44036663f,
        0.19392276f,
        0.0853971f,
        0.03760603f,
        0.01656044f,
        0.007292665f,
        0.003211446f,
        0.000524846f,
        7.7846555e-05f,
        3.4281024e-05f,
        1.5096218e-05f,
        6.6478706e-06f,
        2.9274997e-06f,
        1.2891732e-06f,
        5.677088e-07f);
  }

  @Test
  void yarn() {
    assertFrequencies(
        RopeScaling.yarn(10_000, 8, 4, 32, 1, true, 128), 1.0f, 0.0625f, 0.0025f, 0.00025f);
    assertFrequencies(
        RopeScaling.yarn(1e6, 16, 4, 16, 2, true, 32_768),
        1.0f,
        0.17782794f,
        0.03162278f,
        0.0056234132f,
        0.00062500004f,
        4.4456985e-05f,
        7.905694e-06f,
        1.4058534e-06f);
  }

  @Test
  void yarnRoundsTheRampOutwardsUnlessToldNot() {
    assertFrequencies(
        RopeScaling.yarn(150_000, 32, 32, 32, 1, true, 4_096),
        1.0f,
        0.47478205f,
        0.225418f,
        0.107024424f,
        0.05081328f,
        0.019450968f,
        0.007015714f,
        0.002277272f,
        0.0005809475f,
        3.830881e-05f,
        1.8188337e-05f,
        8.635496e-06f,
        4.0999785e-06f,
        1.9465963e-06f,
        9.2420896e-07f,
        4.3879785e-07f);
    assertFrequencies(
        RopeScaling.yarn(150_000, 32, 32, 32, 1, false, 4_096),
        1.0f,
        0.47478205f,
        0.225418f,
        0.107024424f,
        0.05081328f,
        0.019335002f,
        0.0067949593f,
        0.0020937927f,
        0.00045648392f,
        3.830881e-05f,
        1.8188337e-05f,
        8.635496e-06f,
        4.0999785e-06f,
        1.9465963e-06f,
        9.2420896e-07f,
        4.3879785e-07f);
  }

  @Test
  void temperature() {
    assertThat(RopeScaling.temperature(4, 1)).isEqualTo(1.138629436111989, within(1e-15));
    assertThat(RopeScaling.temperature(32, 1)).isEqualTo(1.3465735902799727, within(1e-15));
    assertThat(RopeScaling.temperature(1, 1)).isEqualTo(1);
  }

  /** The power functions of numpy, PyTorch and Java may differ in the last bits. */
  private static void assertFrequencies(float[] actual, float... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("pair %d", i)
          .isCloseTo(expected[i], within(4 * Math.ulp(expected[i])));
    }
  }
}
