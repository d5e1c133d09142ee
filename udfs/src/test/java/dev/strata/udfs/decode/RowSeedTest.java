package dev.strata.udfs.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RowSeedTest {

  /** int.from_bytes(hashlib.sha256(struct.pack('>q', run) + id.encode()).digest()[:8]), signed. */
  @Test
  void seedIsTheHashThatPythonComputes() {
    assertThat(RowSeed.of(0, "")).isEqualTo(-5812615543772869766L);
    assertThat(RowSeed.of(42, "row-1")).isEqualTo(-2866516275092340964L);
    assertThat(RowSeed.of(-1, "é😀")).isEqualTo(-2421226878086526961L);
  }

  /** The first output of splitmix64.c from state 0 is 0xe220a8397b1dcdaf. */
  @Test
  void uniformNumbersAreThoseOfSplitMix64() {
    assertThat(RowSeed.uniform(0, 0)).isEqualTo((0xe220a8397b1dcdafL >>> 11) * 0x1p-53);
    assertThat(RowSeed.uniform(0, 1)).isEqualTo(0.43152799704850997);
    assertThat(RowSeed.uniform(0, 2)).isEqualTo(0.026433771592597743);
    assertThat(RowSeed.uniform(-1, 5)).isEqualTo(0.8246716106407089);
  }

  @Test
  void uniformNumbersFillTheUnitInterval() {
    int[] tenths = new int[10];
    for (int row = 0; row < 100; row++) {
      long seed = RowSeed.of(1, "row " + row);
      for (int position = 0; position < 1000; position++) {
        tenths[(int) (10 * RowSeed.uniform(seed, position))]++;
      }
    }
    for (int count : tenths) {
      assertThat(count / 100_000.0).isCloseTo(0.1, within(0.005));
    }
  }
}
