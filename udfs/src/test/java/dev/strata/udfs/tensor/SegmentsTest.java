package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SegmentsTest {

  @Test
  void longSegmentsAreCutIntoRunsThatEndWhereTheyDid() {
    Segments segments = new Segments(2);
    segments.set(0, 0, 5, 100, 10);
    segments.set(1, 5, 1, 200, 90);

    Segments cut = segments.cut(20);

    assertThat(cut.rows).containsExactly(0, 2, 4, 5);
    assertThat(cut.counts).containsExactly(2, 2, 1, 1);
    assertThat(cut.slots).containsExactly(100, 100, 100, 200);
    assertThat(cut.lengths).containsExactly(7, 9, 10, 90);
  }

  @Test
  void shortSegmentsStayWhole() {
    Segments segments = new Segments(1);
    segments.set(0, 3, 4, 0, 4);

    Segments cut = segments.cut(16);

    assertThat(cut.rows).containsExactly(3);
    assertThat(cut.counts).containsExactly(4);
    assertThat(cut.lengths).containsExactly(4);
  }
}
