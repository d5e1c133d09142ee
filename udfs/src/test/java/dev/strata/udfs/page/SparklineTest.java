package dev.strata.udfs.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SparklineTest {

  @Test
  void aLineFromZeroToTheLargest() {
    assertThat(Sparkline.of("0 to 4 <tokens>", 0, 4, 2).html())
        .contains("<polyline class=\"line\" points=\"0.0,58.0 200.0,2.0 400.0,30.0\">")
        .contains("points=\"0,60 0.0,58.0 200.0,2.0 400.0,30.0 400,60\"")
        .contains("<title>0 to 4 &lt;tokens&gt;</title>", "aria-label=\"0 to 4 &lt;tokens&gt;\"");
  }

  @Test
  void whatIsNoNumberIsZero() {
    assertThat(Sparkline.of("x", Double.NaN, -1, Double.POSITIVE_INFINITY, 1).html())
        .contains("points=\"0.0,58.0 133.3,58.0 266.7,58.0 400.0,2.0\"");
    assertThat(Sparkline.of("x", 0, 0).html()).contains("points=\"0.0,58.0 400.0,58.0\"");
  }

  @Test
  void oneValueIsNoLine() {
    assertThat(Sparkline.of("x", 1).html()).isEmpty();
    assertThat(Sparkline.of("x").html()).isEmpty();
  }
}
