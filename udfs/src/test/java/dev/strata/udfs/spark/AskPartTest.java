package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.Ask;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AskPartTest {

  private static final int CONTEXT = 50;

  /** All that can be, each once, with as many tokens before them as a window leaves. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 10, 4",
    "2, 1, 10, 4",
    "9, 1, 10, 4",
    "10, 1, 10, 4",
    "11, 1, 10, 4",
    "47, 1, 10, 4",
    "47, 20, 10, 4",
    "47, 46, 10, 3",
    "47, 1, 10, 10",
    "50, 1, 10, 10",
    "51, 1, 10, 10",
    "170, 1, 0, 16",
    "170, 1, 0, 0",
    "170, 1, 90, 70",
    "20, 3, 10, 1"
  })
  void windowsScoreEachTokenOnce(int length, int from, int window, int stride) {
    int[] tokens = IntStream.range(0, length).toArray();
    Readout.Windows windows = new Readout.Windows(window, stride);
    List<AskPart> parts = AskPart.windows(tokens, from, windows, CONTEXT);
    int most = window == 0 ? CONTEXT : Math.min(window, CONTEXT);
    List<Integer> scored = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      AskPart part = parts.get(i);
      assertThat(part.tokens().length).isBetween(1, most);
      int first = ((Ask.Score) part.ask()).from();
      IntStream.range(first, part.tokens().length).forEach(j -> scored.add(part.tokens()[j]));
      if (i > 0 && stride > 0 && stride < most) {
        assertThat(first).as("tokens before the first").isGreaterThanOrEqualTo(most - stride);
      }
    }
    List<Integer> all = new ArrayList<>(IntStream.range(from, length).boxed().toList());
    if (stride == 0 || stride >= most) {
      all.removeIf(token -> token % most == 0); // nothing is before a window's first
    }
    assertThat(scored).isEqualTo(all);
  }

  @Test
  void aTextIsOnePartWithoutWindows() {
    int[] tokens = new int[3 * CONTEXT];
    List<AskPart> parts = AskPart.windows(tokens, 7, null, CONTEXT);
    assertThat(parts).hasSize(1);
    assertThat(parts.get(0).tokens()).isEqualTo(tokens);
    assertThat(parts.get(0).ask()).isEqualTo(new Ask.Score(7));
  }

  @Test
  void noTokenIsLeftOut() {
    assertThatThrownBy(() -> new Readout.Windows(10, 11))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "windows of 10 tokens with a stride of 11 would leave tokens out; give a stride of 10"
                + " or less");
  }
}
