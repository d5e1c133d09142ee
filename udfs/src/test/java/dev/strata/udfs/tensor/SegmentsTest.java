package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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

  @Test
  void listsHaveAboutAsManyScoresInTheOrderOfTheSegments() {
    Segments segments = new Segments(6);
    long[] lengths = {30, 30, 60, 10, 10, 100};
    for (int i = 0; i < lengths.length; i++) {
      segments.set(i, i, 1, 100L * i, lengths[i]);
    }

    List<Segments> lists = segments.split(3);

    assertThat(lists).hasSize(3);
    assertThat(lists.get(0).lengths).containsExactly(30, 30);
    assertThat(lists.get(1).lengths).containsExactly(60, 10, 10);
    assertThat(lists.get(1).rows).containsExactly(2, 3, 4);
    assertThat(lists.get(1).slots).containsExactly(200, 300, 400);
    assertThat(lists.get(2).lengths).containsExactly(100);
    assertThat(segments.split(3)).isSameAs(lists);
  }

  @Test
  void thereAreNoMoreListsThanSegments() {
    Segments segments = new Segments(2);
    segments.set(0, 0, 4, 0, 4);
    segments.set(1, 4, 4, 8, 4);

    assertThat(segments.split(8)).extracting(list -> list.rows[0]).containsExactly(0L, 4L);
  }
}
