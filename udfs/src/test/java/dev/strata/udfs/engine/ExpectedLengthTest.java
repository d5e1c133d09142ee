package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpectedLengthTest {

  private final ExpectedLength expected = new ExpectedLength();

  @Test
  void halfOfTheAllowanceBeforeAnythingEnded() {
    assertThat(expected.of(100)).isEqualTo(50);
    assertThat(expected.of(1)).isEqualTo(1);
  }

  @Test
  void theMeanAndOneDeviationButNoMoreThanTheAllowance() {
    IntStream.of(10, 30, 10, 30).forEach(expected::ended);
    assertThat(expected.of(100)).isEqualTo(30);
    assertThat(expected.of(25)).isEqualTo(25);
  }
}
