package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.kv.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SequenceTest {

  private static Sequence sequence(int maxLength, List<Integer> counts) {
    RowRequest request =
        TestEngines.request(
            1,
            new int[] {7, 8, 9},
            maxLength - 3,
            (generated, count) -> {
              counts.add(count);
              assertThat(generated[count - 1]).isEqualTo(100 + count);
              assertThat(generated[0]).isEqualTo(101);
              return false;
            });
    return new Sequence(request, null, new Extent(0, maxLength), new Extent(0, 1), maxLength, 1);
  }

  /** What it may generate takes no memory before it is generated. */
  @Test
  void memoryGrowsWithWhatIsGenerated() {
    Sequence sequence = sequence(32_768, new ArrayList<>());
    assertThat(sequence.tokens()).hasSizeLessThan(32);
    for (int i = 1; i <= 1000; i++) {
      sequence.append(100 + i);
    }
    assertThat(sequence.tokens()).hasSizeBetween(1003, 1600);
    assertThat(sequence.mostSlots()).isEqualTo(32_767);
    assertThat(sequence.isLastToken()).isFalse();
  }

  @Test
  void itEndsWithTheLastTokenThatFits() {
    List<Integer> counts = new ArrayList<>();
    Sequence sequence = sequence(100, counts);
    int[] expected = IntStream.rangeClosed(101, 197).toArray();
    for (int token : expected) {
      assertThat(sequence.isFinished()).isFalse();
      assertThat(sequence.isLastToken()).isEqualTo(token == 197);
      sequence.append(token);
    }
    assertThat(counts).hasSize(97).isSorted();
    assertThat(sequence.length()).isEqualTo(100);
    assertThat(sequence.tokens()).startsWith(7, 8, 9, 101).endsWith(197).hasSize(100);
    assertThat(sequence.result().reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(sequence.result().tokens()).isEqualTo(expected);
  }
}
