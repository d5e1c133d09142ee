package dev.strata.udfs.tools.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.engine.SweepFigures;
import dev.strata.udfs.model.ElementType;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LimitModelTest {

  private static final Offset<Double> EXACT = within(1e-12);

  private final Rates rates = Sweeps.rates(1e6, 4e6, 2e6, 1e6, 1e8);
  private final LimitModel gpu = new LimitModel(Sweeps.model(), rates, false);

  private static SweepFigures moving(long disk, long tiles, long kvIn, long kvOut, long hidden) {
    return new SweepFigures(0, 8, 0, 8, Sweeps.MS, disk, tiles, 0, kvIn, kvOut, hidden, List.of());
  }

  @Test
  void aModelsWork() {
    assertThat(Sweeps.model().streamedBytes()).isEqualTo(500_000);
    assertThat(Sweeps.model().operations(3, 2)).isEqualTo(2 * (3 * 200_000 + 2 * 50_000));
    assertThat(Sweeps.model().convertedBytes(2, 0)).isZero();
    assertThat(Sweeps.model().convertedBytes(4, 0)).isEqualTo(500_000);
  }

  /** Four experts of 100 × 1000, of which a token takes one, beside a matrix of all tokens. */
  private static ModelWork mixture() {
    ModelWork.Matrix expert =
        new ModelWork.Matrix(100, 1000, ElementType.BF16, ModelWork.Part.EXPERT, 0.25);
    ModelWork.Matrix router =
        new ModelWork.Matrix(100, 1000, ElementType.BF16, ModelWork.Part.LAYER);
    return new ModelWork(List.of(router, expert, expert, expert, expert), Sweeps.model().spec());
  }

  @Test
  void ofExpertsThoseCountThatTokensChose() {
    assertThat(mixture().streamedBytes()).isEqualTo(1_000_000);
    assertThat(mixture().expertBytes()).isEqualTo(800_000);
    assertThat(mixture().streamedBytes(400_000)).isEqualTo(600_000);
    assertThat(mixture().convertedBytes(4, 400_000)).isEqualTo(600_000);
    assertThat(mixture().operations(8, 8)).isEqualTo(2 * 8 * 200_000);
    SweepFigures half =
        new SweepFigures(0, 8, 0, 8, Sweeps.MS, 0, 900_000, 400_000, 0, 0, 0, List.of());
    LimitModel limits = new LimitModel(mixture(), rates, false);
    assertThat(limits.of(new Sweep(half, 0)).bus()).isCloseTo(0.3, EXACT);
    Phase phase = Phase.decode(List.of(new Sweep(half, 0)), mixture(), limits);
    assertThat(phase.expertsUsed()).isEqualTo(0.5);
  }

  @Test
  void whatTheDiskGaveGoesByDirectReadsAndTheRestByCachedOnes() {
    SweepFigures figures = moving(500_000, 500_000, 0, 0, 0);
    assertThat(gpu.of(new Sweep(figures, 500_000)).disk()).isCloseTo(0.5, EXACT);
    assertThat(gpu.of(new Sweep(figures, 700_000)).disk()).isCloseTo(0.5, EXACT);
    assertThat(gpu.of(new Sweep(figures, 0)).disk()).isCloseTo(0.125, EXACT);
    assertThat(gpu.of(new Sweep(figures, -1)).disk()).isCloseTo(0.125, EXACT);
    assertThat(gpu.of(new Sweep(figures, 400_000)).disk()).isCloseTo(0.4, EXACT);
  }

  @Test
  void theBusCarriesWeightsOnceWithKeysAndValuesAndHiddenStates() {
    assertThat(gpu.of(new Sweep(moving(0, 500_000, 0, 0, 0), 0)).bus()).isCloseTo(0.25, EXACT);
    assertThat(gpu.of(new Sweep(moving(0, 900_000, 300_000, 0, 0), 0)).bus()).isCloseTo(0.4, EXACT);
    assertThat(gpu.of(new Sweep(moving(0, 500_000, 300_000, 0, 400_000), 0)).bus())
        .isCloseTo(0.5, EXACT);
  }

  @Test
  void bothWaysOfTheBusWorkAtOnce() {
    Limit limit = gpu.of(new Sweep(moving(0, 500_000, 0, 800_000, 0), 0));
    assertThat(limit.bus()).isCloseTo(0.8, EXACT);
  }

  @Test
  void copiesBesideEachOtherAreSlowerAsLongAsBothWaysAreBusy() {
    Rates shared =
        new Rates(
            1e6,
            4e6,
            2e6,
            1e6,
            new Rates.Together(Double.NaN, 1e6, 5e5),
            Rates.Together.NONE,
            Rates.Together.NONE,
            1e8,
            Double.NaN,
            Double.NaN);
    LimitModel model = new LimitModel(Sweeps.model(), shared, false);
    Limit limit = model.of(new Sweep(moving(0, 500_000, 0, 100_000, 0), 0));
    assertThat(limit.bus()).isCloseTo(0.2 + 300_000 / 2e6, EXACT);
  }

  @Test
  void copiesGoByTheirRateBesideReadsWhereTheSweepReads() {
    Rates shared =
        new Rates(
            1e6,
            4e6,
            2e6,
            1e6,
            new Rates.Together(Double.NaN, 2e6, 1e6),
            new Rates.Together(1e6, 1e6, Double.NaN),
            new Rates.Together(4e6, 5e5, Double.NaN),
            1e8,
            Double.NaN,
            Double.NaN);
    LimitModel model = new LimitModel(Sweeps.model(), shared, false);
    SweepFigures reads = moving(500_000, 500_000, 0, 0, 0);
    assertThat(model.of(new Sweep(reads, 0)).bus()).isCloseTo(1, EXACT);
    assertThat(model.of(new Sweep(reads, 500_000)).bus()).isCloseTo(0.5, EXACT);
    assertThat(model.of(new Sweep(moving(9000, 500_000, 0, 0, 0), 0)).bus()).isCloseTo(0.25, EXACT);
  }

  @Test
  void theLongestTimeBinds() {
    Limit limit = gpu.of(new Sweep(moving(500_000, 500_000, 0, 0, 0), 500_000));
    assertThat(limit.compute()).isCloseTo(2 * 8 * 250_000 / 1e8, EXACT);
    assertThat(limit.seconds()).isEqualTo(limit.disk());
    assertThat(limit.bound()).isEqualTo("disk");
    assertThat(new Limit(1, 2, 1).bound()).isEqualTo("bus");
    assertThat(new Limit(1, 2, 3).bound()).isEqualTo("compute");
  }

  @Test
  void theHostHasNoBusAndConvertsWithTheCoresThatCompute() {
    Rates cpu =
        new Rates(
            1e6,
            4e6,
            2e6,
            Double.NaN,
            Rates.Together.NONE,
            Rates.Together.NONE,
            Rates.Together.NONE,
            1e8,
            Double.NaN,
            1e6);
    Limit limit =
        new LimitModel(Sweeps.model(), cpu, true)
            .of(new Sweep(moving(500_000, 500_000, 0, 0, 0), 0));
    assertThat(limit.bus()).isZero();
    assertThat(limit.disk()).isCloseTo(0.125, EXACT);
    assertThat(limit.compute()).isCloseTo(0.04 + 0.5, EXACT);
  }

  @Test
  void whatWasNotMeasuredIsNoLimit() {
    Rates none = Sweeps.rates(Double.NaN, Double.NaN, 2e6, 1e6, 1e8);
    LimitModel model = new LimitModel(Sweeps.model(), none, false);
    assertThat(model.of(new Sweep(moving(500_000, 500_000, 0, 0, 0), 0)).disk()).isZero();
  }
}
