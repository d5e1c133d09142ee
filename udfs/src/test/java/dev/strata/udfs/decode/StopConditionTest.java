package dev.strata.udfs.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class StopConditionTest {

  private static final int[] GENERATED = {5, 2, 9, 7};

  @Test
  void tokensStopAtTheNewestTokenOnly() {
    StopCondition condition = StopCondition.tokens(Set.of(9, 1000, 2));
    assertThat(condition.stops(GENERATED, 1)).isFalse();
    assertThat(condition.stops(GENERATED, 2)).isTrue();
    assertThat(condition.stops(GENERATED, 3)).isTrue();
    assertThat(condition.stops(GENERATED, 4)).isFalse();
  }

  @Test
  void neverAndNoTokensDoNotStop() {
    assertThat(StopCondition.never().stops(GENERATED, 4)).isFalse();
    assertThat(StopCondition.tokens(Set.of()).stops(GENERATED, 4)).isFalse();
  }

  @Test
  void orStopsWithEither() {
    StopCondition either = StopCondition.tokens(Set.of(2)).or((tokens, count) -> count == 4);
    assertThat(either.stops(GENERATED, 1)).isFalse();
    assertThat(either.stops(GENERATED, 2)).isTrue();
    assertThat(either.stops(GENERATED, 3)).isFalse();
    assertThat(either.stops(GENERATED, 4)).isTrue();
  }
}
