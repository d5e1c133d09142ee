package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ErrorReasonsTest {

  @Test
  void errorsThatDifferInTheirRowsValuesAreOneKind() {
    ErrorReasons reasons =
        all(
            "the prompt has 5,120 tokens, but the context holds 1024",
            "the prompt has 2049 tokens, but the context holds 1024",
            "column 'text' is null",
            "column 'text' is null",
            "column 'text' is null");
    assertThat(reasons.byFrequency())
        .containsExactly(
            new ErrorReasons.Kind(3, "column 'text' is null", true),
            new ErrorReasons.Kind(
                2, "the prompt has 2049 tokens, but the context holds 1024", false));
    assertThat(reasons.byFrequency().get(1).text()).startsWith("such as: the prompt has 2049");
  }

  @Test
  void kindsAreFewHoweverManyThereAre() {
    ErrorReasons reasons =
        all(
            IntStream.range(0, 200)
                .mapToObj(i -> "reason " + "x".repeat(i))
                .toArray(String[]::new));
    assertThat(reasons.kinds()).hasSizeLessThanOrEqualTo(33);
    assertThat(reasons.byFrequency().stream().mapToLong(ErrorReasons.Kind::rows).sum())
        .isEqualTo(200);
    assertThat(reasons.byFrequency().get(0).text()).isEqualTo("other errors");
  }

  @Test
  void longErrorsAreShown() {
    assertThat(all("x".repeat(5000)).byFrequency().get(0).text()).hasSizeLessThan(310);
  }

  private static ErrorReasons all(String... errors) {
    ErrorReasons reasons = ErrorReasons.NONE;
    for (String error : errors) {
      reasons = reasons.plus(ErrorReasons.of(error));
    }
    return reasons;
  }
}
