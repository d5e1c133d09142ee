package dev.strata.udfs.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** How long a run goes on, as far as can be guessed. */
class TimeToGoTest {

  @Test
  void timeToGoIsCountedDownBetweenReports() {
    TimeToGo timeToGo = new TimeToGo(0);
    timeToGo.read(5_000_000_000L, false, 0);
    timeToGo.read(6_000_000_000L, true, 0);
    assertThat(timeToGo.guess(6_000_000_000L, OptionalLong.of(40))).isEmpty();
    timeToGo.read(15_000_000_000L, true, 10);
    assertThat(timeToGo.guess(15_000_000_000L, OptionalLong.empty())).isEmpty();
    assertThat(timeToGo.guess(15_000_000_000L, OptionalLong.of(201))).isEmpty();
    assertThat(timeToGo.guess(15_000_000_000L, OptionalLong.of(40)))
        .contains(Duration.ofSeconds(30));
    timeToGo.read(25_000_000_000L, true, 10);
    assertThat(timeToGo.guess(25_000_000_000L, OptionalLong.of(40)))
        .contains(Duration.ofSeconds(20));
    assertThat(timeToGo.guess(99_000_000_000L, OptionalLong.of(40))).contains(Duration.ZERO);
  }
}
