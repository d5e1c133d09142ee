package dev.strata.udfs.model;

import java.util.List;

/**
 * Inverse frequencies of rotary position embeddings, [headDim/2] in radians per position.
 *
 * <p>Hugging Face transformers computes them in float32 (modeling_rope_utils), and at far positions
 * the last bit of a frequency is visible in the logits: so each step here rounds to float32 where a
 * tensor is involved there, and stays in float64 where a Python number is.
 */
final class RopeScaling {

  private RopeScaling() {}

  /** {@code theta^(-2i/headDim)}: no scaling. */
  static float[] plain(double theta, int headDim) {
    float[] frequencies = periods(theta, headDim);
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1f / frequencies[i];
    }
    return frequencies;
  }

  /** Positions squeezed by a factor (kaiokendev's interpolation). */
  static float[] linear(float[] plain, double factor) {
    float[] frequencies = plain.clone();
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] /= (float) factor;
    }
    return frequencies;
  }

  /** Each frequency squeezed by a factor of its own, _compute_longrope_parameters. */
  static float[] longrope(double theta, int headDim, List<Double> factors) {
    float[] frequencies = periods(theta, headDim);
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1f / (factors.get(i).floatValue() * frequencies[i]);
    }
    return frequencies;
  }

  /**
   * Llama 3.1's scaling, _compute_llama3_parameters in Hugging Face transformers: wavelengths
   * longer than {@code pretrainedLength / low} are stretched by the factor, those shorter than
   * {@code pretrainedLength / high} stay, between them a blend of both.
   */
  static float[] llama3(
      float[] plain, double factor, double low, double high, int pretrainedLength) {
    float longest = (float) (pretrainedLength / low);
    float shortest = (float) (pretrainedLength / high);
    float[] frequencies = plain.clone();
    for (int i = 0; i < frequencies.length; i++) {
      float wavelength = (float) (2 * Math.PI) / plain[i];
      if (wavelength > longest) {
        frequencies[i] = plain[i] / (float) factor;
      } else if (wavelength >= shortest) {
        float kept = (pretrainedLength / wavelength - (float) low) / (float) (high - low);
        frequencies[i] = (1 - kept) * plain[i] / (float) factor + kept * plain[i];
      }
    }
    return frequencies;
  }

  /**
   * YaRN (Peng et al., arXiv:2309.00071, section 3.2), _compute_yarn_parameters in Hugging Face
   * transformers: dimensions that turn more than {@code fast} times within the pretrained length
   * keep their frequency, those that turn less than {@code slow} times are interpolated by the
   * factor, and a linear ramp joins them.
   *
   * @param truncate whether the ramp's ends are rounded outwards to whole dimensions
   */
  static float[] yarn(
      double theta,
      int headDim,
      double factor,
      double fast,
      double slow,
      boolean truncate,
      int pretrainedLength) {
    double low = dimension(fast, theta, headDim, pretrainedLength);
    double high = dimension(slow, theta, headDim, pretrainedLength);
    if (truncate) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headDim - 1);
    // A ramp of no length would divide by zero.
    double length = low == high ? 0.001 : high - low;

    float[] frequencies = periods(theta, headDim);
    for (int i = 0; i < frequencies.length; i++) {
      float period = frequencies[i];
      float ramp = Math.max(0f, Math.min(1f, (i - (float) low) / (float) length));
      float kept = 1 - ramp;
      frequencies[i] = 1f / ((float) factor * period) * (1 - kept) + 1f / period * kept;
    }
    return frequencies;
  }

  /** YaRN's attention temperature as a factor of cosine and sine, {@code 0.1·m·ln(factor) + 1}. */
  static double temperature(double factor, double multiplier) {
    return factor <= 1 ? 1 : 0.1 * multiplier * Math.log(factor) + 1;
  }

  /** The dimension whose pair turns so many times within the pretrained length. */
  private static double dimension(
      double rotations, double theta, int headDim, int pretrainedLength) {
    return headDim * Math.log(pretrainedLength / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static float[] periods(double theta, int headDim) {
    float[] periods = new float[headDim / 2];
    for (int i = 0; i < periods.length; i++) {
      float exponent = 2f * i / headDim;
      periods[i] = (float) Math.pow((float) theta, exponent);
    }
    return periods;
  }
}
