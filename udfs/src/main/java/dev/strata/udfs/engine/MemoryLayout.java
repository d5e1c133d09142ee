package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.transformer.ResidentWeights;
import java.util.List;

/**
 * The components of an engine on a kind of device: what each takes for a choice, which choices are
 * worth trying, and who gets what they leave.
 */
abstract class MemoryLayout {

  static final int LARGEST_WAVE = 1024;
  static final int LARGEST_SWEEP = 1 << 19;
  static final int LEAST_BLOCK = 16;
  static final int LEAST_KV_TOKENS = 256;
  static final long LARGEST_SCORES = 1 << 16;

  /** Where nobody says how long rows are. */
  static final int LONGEST_EXPECTED_ROW = 2048;

  /** How much of a budget a choice may take for now; limits are tried in turn. */
  record Limit(long hostBytes) {}

  final ModelSize model;
  final DecoderSpec spec;
  final EngineOptions options;
  final DeviceTraits device;

  /** Keys and values as attention sees them. */
  final KvFormat plain;

  MemoryLayout(ModelSize model, EngineOptions options, DeviceTraits device) {
    this.model = model;
    this.spec = model.spec();
    this.options = options;
    this.device = device;
    this.plain = KvFormat.plain(spec, device.computeType());
  }

  static MemoryLayout of(ModelSize model, EngineOptions options, DeviceTraits device) {
    return device.onHost()
        ? new ResidentLayout(model, options, device)
        : new StagedLayout(model, options, device);
  }

  /** What may be chosen, from the most generous to the least that works. */
  abstract List<PlanChoice> choices();

  /** What choices are measured by, one limit after the other until a choice is within it. */
  abstract List<Limit> limits();

  abstract boolean fits(PlanChoice choice, Limit limit);

  /**
   * @param least the least that works
   * @throws StrataException if a budget does not hold it
   */
  abstract void requireBudgets(PlanChoice least);

  /** The plan with a choice that fits: keys and values and weights get the rest. */
  abstract MemoryPlan plan(PlanChoice choice);

  /** What the components take that each kind of device has. */
  final Footprint common(PlanChoice choice) {
    return Footprint.sum(
        WeightConversion.footprint(model, choice.tileBytes(), device.computeType()),
        ResidentWeights.footprint(model.vectorElements(), device.computeType()));
  }

  final long tileElements(PlanChoice choice) {
    return choice.tileBytes() / model.storedBytes();
  }

  final Footprint scores(PlanChoice choice) {
    long scores = device.fusedAttention() ? 0 : choice.scores();
    return Kernels.scores(scores, spec.heads(), device.attentionThreads());
  }

  static int clamp(long value, long least, long most) {
    return (int) Math.max(least, Math.min(most, value));
  }

  static void requireBudget(String key, long budget, long needed) {
    if (budget < needed) {
      throw StrataException.resources(
          "%s is %d MiB, but this model needs at least %d MiB with these options; set %s=%dm",
          key, budget >> 20, mebibytes(needed), key, mebibytes(needed));
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }

  /** Tokens that a row is taken to have where nothing is known. */
  final long expectedRow() {
    return options.rowTokens() > 0
        ? options.rowTokens()
        : Math.min(spec.contextLength(), LONGEST_EXPECTED_ROW);
  }
}
