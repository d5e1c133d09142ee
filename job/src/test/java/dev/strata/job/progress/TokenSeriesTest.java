package dev.strata.job.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.job.report.TokenRates;
import org.junit.jupiter.api.Test;

class TokenSeriesTest {

  private static final long SECOND = 1_000_000_000L;

  @Test
  void tokensBetweenTwoReadingsCameEvenly() {
    TokenSeries series = new TokenSeries(5 * SECOND);
    series.read(7 * SECOND, 0, 1000);
    series.read(9 * SECOND, 100, 1000);
    TokenRates rates = series.rates();
    assertThat(rates.stepSeconds()).isEqualTo(2);
    assertThat(rates.promptTokens()).containsExactly(500.0, 0.0);
    assertThat(rates.newTokens()).containsExactly(0.0, 50.0);
  }

  @Test
  void stepsAreEven() {
    TokenSeries series = new TokenSeries(0);
    series.read(SECOND, 100, 0);
    series.read(4 * SECOND, 700, 0);
    TokenRates rates = series.rates();
    assertThat(rates.stepSeconds()).isEqualTo(2);
    assertThat(rates.newTokens()).containsExactly(150.0, 200.0);
  }

  @Test
  void aLongRunIsAsSmallAsAShortOne() {
    TokenSeries series = new TokenSeries(0);
    int seconds = 100_000;
    for (int i = 1; i <= seconds; i++) {
      series.read(i * SECOND, 10L * i, 0);
    }
    TokenRates rates = series.rates();
    assertThat(rates.newTokens()).hasSizeBetween(100, 240).containsOnly(10.0);
    assertThat(rates.stepSeconds() * rates.newTokens().size())
        .isCloseTo(seconds, within(0.02 * seconds));
    double tokens = rates.newTokens().stream().mapToDouble(rate -> rate).sum();
    assertThat(tokens * rates.stepSeconds()).isCloseTo(10.0 * seconds, within(0.2 * seconds));
  }

  @Test
  void reportsThatSayNothingNewAreNoReadings() {
    TokenSeries series = new TokenSeries(0);
    assertThat(series.rates()).isEqualTo(TokenRates.NONE);
    series.read(SECOND, 0, 0);
    series.read(2 * SECOND, 0, 0);
    series.read(3 * SECOND, 10, 0);
    series.read(4 * SECOND, 10, 0);
    series.read(4 * SECOND, 9, 0);
    series.read(SECOND, 20, 0);
    assertThat(series.rates().stepSeconds()).isEqualTo(1.5);
    assertThat(series.rates().newTokens()).containsExactly(1.67, 5.0);
  }
}
