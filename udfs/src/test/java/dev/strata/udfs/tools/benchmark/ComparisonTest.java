package dev.strata.udfs.tools.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ComparisonTest {

  @Test
  void sampledRowsStandForAll() {
    Comparison c = new Comparison(500, 10, 5, 2, 0.02, 400, 0.2, 0.08, 0.04, 0.04);
    assertThat(c.rowByRowSeconds()).isEqualTo(200);
    assertThat(c.endToEndRatio()).isEqualTo(20);
    assertThat(c.decodeRatio()).isCloseTo(40, within(1e-9)); // 2,000 a second by 50
    assertThat(c.sweepByParts()).isCloseTo(1.25, within(1e-9));
  }
}
