package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.SweepFigures;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Sweeps of one kind: prefill, or decoding with the wave at its fullest.
 *
 * @param name of the kind
 * @param sweeps those counted; a traced one only where there is no other
 * @param traced the one whose spans are known; null for none
 * @param model what sweeps had to do
 * @param limits what they could do it with
 */
record Phase(String name, List<Sweep> sweeps, Sweep traced, ModelWork model, LimitModel limits) {

  static Phase prefill(List<Sweep> all, ModelWork model, LimitModel limits) {
    return of("prefill", all.stream().filter(Sweep::isPrefill).toList(), model, limits);
  }

  static Phase decode(List<Sweep> all, ModelWork model, LimitModel limits) {
    List<Sweep> decodes = all.stream().filter(sweep -> !sweep.isPrefill()).toList();
    int wave = fullestWave(all);
    return of(
        "decode", decodes.stream().filter(s -> s.figures().rows() == wave).toList(), model, limits);
  }

  /** The most rows of a decoding sweep; 0 if there was none. */
  static int fullestWave(List<Sweep> all) {
    return all.stream()
        .filter(sweep -> !sweep.isPrefill())
        .mapToInt(sweep -> sweep.figures().rows())
        .max()
        .orElse(0);
  }

  private static Phase of(String name, List<Sweep> all, ModelWork model, LimitModel limits) {
    List<Sweep> untraced = all.stream().filter(sweep -> !sweep.isTraced()).toList();
    Sweep traced =
        all.stream().filter(Sweep::isTraced).reduce((first, second) -> second).orElse(null);
    return new Phase(name, untraced.isEmpty() ? all : untraced, traced, model, limits);
  }

  boolean isEmpty() {
    return sweeps.isEmpty();
  }

  double medianSeconds() {
    return median(Sweep::seconds);
  }

  double leastSeconds() {
    return sweeps.stream().mapToDouble(Sweep::seconds).min().orElse(Double.NaN);
  }

  /** Rows in the wave at most. */
  int rows() {
    return sweeps.stream().mapToInt(s -> s.figures().rows()).max().orElse(0);
  }

  /** Tokens of prompts, or tokens chosen, in a median sweep. */
  double tokens() {
    return median(Sweep::tokens);
  }

  double tokensPerSecond() {
    return perSecond(Sweep::tokens);
  }

  double operationsPerSecond() {
    return perSecond(sweep -> sweep.operations(model));
  }

  /** Of a median sweep. */
  double bytes(ToLongFunction<SweepFigures> which) {
    return median(sweep -> which.applyAsLong(sweep.figures()));
  }

  double bytesPerSecond(ToLongFunction<SweepFigures> which) {
    return perSecond(sweep -> which.applyAsLong(sweep.figures()));
  }

  /**
   * What of all experts' bytes was used, the rest being what routing saved; NaN without experts.
   */
  double expertsUsed() {
    return bytes(SweepFigures::expertBytes) / model.expertBytes();
  }

  /** Products by the rate of those at the experts' sizes; NaN without experts. */
  double partOfExpertProducts() {
    return operationsPerSecond() / limits.rates().expertProducts();
  }

  /** Of the sweep with the median limit. */
  Limit limit() {
    return sweeps.stream()
        .map(limits::of)
        .sorted(Comparator.comparingDouble(Limit::seconds))
        .skip(sweeps.size() / 2)
        .findFirst()
        .orElseThrow();
  }

  /** The limits' time by the time of the sweeps: 1 cannot be done better. */
  double partOfLimit() {
    return sweeps.stream().mapToDouble(sweep -> limits.of(sweep).seconds()).sum()
        / sweeps.stream().mapToDouble(Sweep::seconds).sum();
  }

  /** Of the traced sweep; none if there is none. */
  List<LaneTimes> lanes() {
    return traced == null ? List.of() : Stream.of(LaneKind.values()).map(traced::times).toList();
  }

  /** Milliseconds that each kind of kernels took in the traced sweep; none if there is none. */
  Map<String, Double> kernels() {
    return traced == null ? Map.of() : traced.work(LaneKind.COMPUTE);
  }

  /** Whether a lane had work in the traced sweep. */
  boolean works(LaneKind lane) {
    return lanes().stream().anyMatch(times -> times.lane() == lane && times.busy() > 0);
  }

  private double median(ToDoubleFunction<Sweep> of) {
    double[] values = sweeps.stream().mapToDouble(of).sorted().toArray();
    return values.length == 0 ? Double.NaN : values[values.length / 2];
  }

  private double perSecond(ToDoubleFunction<Sweep> work) {
    double[] sums = new double[2];
    sweeps.forEach(sweep -> sums[0] += work.applyAsDouble(sweep));
    sweeps.forEach(sweep -> sums[1] += sweep.seconds());
    return sums[0] / Arrays.stream(sums).skip(1).sum();
  }
}
