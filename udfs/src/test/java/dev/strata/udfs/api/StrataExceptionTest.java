package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StrataExceptionTest {

  @Test
  void whatAModelsFilesHoldIsToldInOneLine() {
    StrataException e = StrataException.model("type %s in %s; use another", "a\n\u2028b", "/m/f");
    assertThat(e).hasMessage("type a??b in /m/f; use another");
  }

  @Test
  void longWordsAreToldByTheirEnds() {
    String path = "/" + "x".repeat(5000) + "/config.json";
    StrataException e = StrataException.model("%s is no name in %s", "y".repeat(9_000), path);
    assertThat(e.getMessage())
        .startsWith("y".repeat(140) + "…" + "y".repeat(140) + " is no name in /xxx")
        .endsWith("x/config.json")
        .hasSize(140 + 1 + 140 + " is no name in ".length() + 140 + 1 + 140);
    String shorter = "/" + "x".repeat(140);
    assertThat(StrataException.model("%s is no file", shorter)).hasMessage(shorter + " is no file");
  }

  @Test
  void otherErrorsAreToldAsTheyAre() {
    String message = "line\n" + "x".repeat(500);
    assertThat(StrataException.usage("%s", message)).hasMessage(message);
  }
}
