package dev.strata.udfs.engine;

import org.assertj.core.api.Condition;

/**
 * As many numbers as expected, none of which differs by more than so much. AssertJ's own comparison
 * goes by the numbers' decimal texts, which takes longer than the sweeps that the logits are of.
 */
final class CloseTo extends Condition<float[]> {

  private final float[] expected;
  private final float tolerance;

  private CloseTo(float[] expected, float tolerance) {
    this.expected = expected;
    this.tolerance = tolerance;
  }

  static CloseTo closeTo(float[] expected, float tolerance) {
    return new CloseTo(expected, tolerance);
  }

  @Override
  public boolean matches(float[] actual) {
    if (actual.length != expected.length) {
      describedAs("%d numbers, not %d", expected.length, actual.length);
      return false;
    }
    for (int i = 0; i < actual.length; i++) {
      boolean isClose = actual[i] == expected[i] || Math.abs(actual[i] - expected[i]) <= tolerance;
      if (!isClose) {
        describedAs("within %s of %s at %d, not %s", tolerance, expected[i], i, actual[i]);
        return false;
      }
    }
    return true;
  }
}
