package dev.strata.udfs.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BarTest {

  @ParameterizedTest
  @CsvSource({
    "0.25, main, 25.00",
    "1, main, 100.00",
    "1.5, bad, 100.00",
    "-1, main, 0.00",
    "NaN, main, 0.00",
    "Infinity, bad, 0.00"
  })
  void aPartOfALimit(double part, String colour, String width) {
    assertThat(Bar.ofLimit("3 of 12 <GB>", part).html())
        .contains("aria-label=\"3 of 12 &lt;GB&gt;\"", "<title>3 of 12 &lt;GB&gt;</title>")
        .contains("<rect class=\"fill-rest\" x=\"0.00\" width=\"100.00\" height=\"10\">")
        .contains(
            "<rect class=\"fill-%s\" x=\"0.00\" width=\"%s\" height=\"10\">"
                .formatted(colour, width));
  }

  @Test
  void partsOfAWhole() {
    String html =
        Bar.ofParts(
                "time",
                List.of(
                    new Bar.Part("disk", 30, "0:30", Bar.Colour.DISK),
                    new Bar.Part("compute & more", 10, "0:10", Bar.Colour.COMPUTE)))
            .html();
    assertThat(html)
        .contains("<rect class=\"fill-disk\" x=\"0.00\" width=\"75.00\"")
        .contains("<rect class=\"fill-compute\" x=\"75.00\" width=\"25.00\"")
        .contains("disk 0:30 (75 %)</li>", "compute &amp; more 0:10 (25 %)</li>");
  }

  @Test
  void nothingHasNoParts() {
    Bar.Part none = new Bar.Part("disk", 0, "0:00", Bar.Colour.DISK);
    assertThat(Bar.ofParts("time", List.of(none)).html()).isEmpty();
    assertThat(Bar.ofParts("time", List.of()).html()).isEmpty();
  }
}
