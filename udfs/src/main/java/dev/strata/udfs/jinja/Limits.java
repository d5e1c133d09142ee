package dev.strata.udfs.jinja;

import java.time.Duration;

/**
 * What a template may use. A template comes with a model from a stranger, so every way in which it
 * could grow is bounded; exceeding a bound is a {@link TemplateException}.
 *
 * @param sourceChars length of the template's source
 * @param nesting depth of tags and of brackets in the source
 * @param steps operations of one render: a node evaluated is one step, and work over long texts or
 *     lists costs steps in proportion
 * @param outputChars characters that one render writes, those of macros and block assignments
 *     included; also the length of any single text
 * @param recursion depth of macro calls and of recursive loops, and nesting of values
 * @param time wall-clock time of one render
 */
public record Limits(
    int sourceChars, int nesting, long steps, int outputChars, int recursion, Duration time) {

  /** Ten times what the largest known chat templates need on a prompt of a million characters. */
  public static final Limits DEFAULT =
      new Limits(1 << 20, 100, 5_000_000, 16 << 20, 150, Duration.ofSeconds(5));

  public Limits {
    if (sourceChars <= 0 || nesting <= 0 || steps <= 0 || outputChars <= 0 || recursion <= 0) {
      throw new IllegalArgumentException("limits must be positive");
    }
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("time limit must be positive, got " + time);
    }
  }
}
