package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DifferencesTest {

  @Test
  void whatDiffersIsSaidByName() {
    Map<String, String> was =
        Map.of(
            "--top-p", "1", "the prompt", "0123abcd", "--seed", "12345678", "a.bin", "1", "x", "1");
    Map<String, String> is =
        Map.of(
            "--top-p", "2", "the prompt", "1123abcd", "--seed", "12345679", "b.bin", "1", "x", "1");
    assertThat(Differences.between(was, is))
        .containsExactly(
            "--seed was 12345678 and is 12345679",
            "--top-p was 1 and is 2",
            "a.bin is gone",
            "b.bin is new",
            "the prompt changed");
    assertThat(Differences.between(was, was)).isEmpty();
  }
}
