package dev.strata.udfs.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThemeTest {

  private static final String CSS = StyleSheet.THEME.html();

  private static final Pattern COLOUR =
      Pattern.compile("--(\\w+): light-dark\\(#(\\w{6}), #(\\w{6})\\)");

  /** What WCAG asks of texts at level AA, and of drawings. */
  private static final double OF_TEXTS = 4.5;

  private static final double OF_DRAWINGS = 3;

  @Test
  void changesNothingOfAPageAround() {
    String rules = CSS.replaceAll("(?s)@media print \\{(.*)}\\s*$", "$1").strip();
    for (String rule : rules.split("\\{[^{}]*}", -1)) {
      for (String selector : rule.split(",", -1)) {
        assertThat(selector.strip()).matches("|\\.strata.*|\\[data-bs-theme=\"dark\"] \\.strata");
      }
    }
  }

  @Test
  void bringsNothingFromElsewhere() {
    assertThat(CSS).doesNotContain("url(", "@import", "@font-face", "http", "</", "<!");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void textsCanBeRead(int scheme) {
    Map<String, Double> light = luminances(scheme);
    for (String text : List.of("ink", "soft", "main", "good", "bad")) {
      assertThat(contrast(light, text, "paper")).as(text).isGreaterThan(OF_TEXTS);
      assertThat(contrast(light, text, "panel")).as(text).isGreaterThan(OF_TEXTS);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void drawingsCanBeTold(int scheme) {
    Map<String, Double> light = luminances(scheme);
    for (String drawing : List.of("main", "disk", "copy", "compute", "bad")) {
      assertThat(contrast(light, drawing, "paper")).as(drawing).isGreaterThan(OF_DRAWINGS);
      assertThat(contrast(light, drawing, "rest")).as(drawing).isGreaterThan(OF_DRAWINGS);
    }
  }

  @Test
  void aPageIsWhole() {
    String html = Page.html("a </title> b", Element.of("h1", "<x>"));
    assertThat(html)
        .startsWith("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .contains("content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;\"")
        .contains("<title>a &lt;/title&gt; b</title><style>.strata {")
        .contains("</style></head><body class=\"strata whole\"><main><h1>&lt;x&gt;</h1></main>")
        .endsWith("</body></html>\n");
    assertThat(Theme.within(Markup.text("x")).html()).isEqualTo("<div class=\"strata\">x</div>");
  }

  /** By the name of the colour. */
  private static Map<String, Double> luminances(int scheme) {
    Map<String, Double> luminances = new HashMap<>();
    Matcher colours = COLOUR.matcher(CSS);
    while (colours.find()) {
      luminances.put(colours.group(1), luminance(Integer.parseInt(colours.group(scheme), 16)));
    }
    return luminances;
  }

  private static double contrast(Map<String, Double> luminances, String one, String other) {
    double[] two = {luminances.get(one), luminances.get(other)};
    Arrays.sort(two);
    return (two[1] + 0.05) / (two[0] + 0.05);
  }

  /** As WCAG defines it. */
  private static double luminance(int rgb) {
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
  }

  private static double linear(int channel) {
    double value = (channel & 255) / 255.0;
    return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
  }
}
