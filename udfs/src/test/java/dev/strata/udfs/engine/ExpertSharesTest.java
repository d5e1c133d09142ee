package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ExpertSharesTest {

  private static ExpertShares of(int tokens, int[]... counts) {
    ExpertShares shares = new ExpertShares(counts[0].length);
    for (int[] sweep : counts) {
      shares.add(expert -> sweep[expert], tokens);
    }
    return shares;
  }

  @Test
  void aMeanOfTheFirstSweepsThenAMovingOne() {
    ExpertShares shares = of(100, new int[] {50, 0}, new int[] {30, 100});
    assertThat(shares.mean(0)).isCloseTo(0.4, within(1e-9));
    assertThat(shares.mean(1)).isCloseTo(0.5, within(1e-9));
    for (int i = 0; i < 200; i++) {
      shares.add(expert -> expert == 0 ? 10 : 20, 100);
    }
    assertThat(shares.mean(0)).isCloseTo(0.1, within(1e-3));
    assertThat(shares.mean(1)).isCloseTo(0.2, within(1e-3));
  }

  @Test
  void chancesGrowWithTokens() {
    ExpertShares shares = of(100, new int[] {1, 10});
    assertThat(shares.chance(0, 100)).isCloseTo(1 - Math.exp(-1), within(1e-9));
    assertThat(shares.chance(1, 100)).isGreaterThan(0.99);
    assertThat(shares.chance(1, 1)).isLessThan(0.1);
    assertThat(shares.chance(0, 0)).isZero();
  }

  /** What one sweep says is not enough, nor what another does not. */
  @Test
  void onlyWhatWasAlwaysChosenByManyIsCertain() {
    assertThat(of(100, new int[] {50}).isCertain(0, 1000)).isFalse();
    ExpertShares shares = of(1000, new int[] {500, 400, 30}, new int[] {500, 0, 40});
    assertThat(shares.isCertain(0, 16)).isTrue();
    assertThat(shares.isCertain(0, 15)).isFalse();
    assertThat(shares.isCertain(1, 1_000_000)).isFalse();
    assertThat(shares.isCertain(2, 1000)).isTrue();
    assertThat(shares.isCertain(2, 200)).isFalse();
  }

  /** One sweep that did not choose it is forgotten in time. */
  @Test
  void whatIsChosenAgainBecomesCertainAgain() {
    ExpertShares shares = of(100, new int[] {50}, new int[] {0});
    int sweeps = 0;
    while (!shares.isCertain(0, 32)) {
      shares.add(expert -> 50, 100);
      sweeps++;
    }
    assertThat(sweeps).isBetween(8, 40);
  }
}
