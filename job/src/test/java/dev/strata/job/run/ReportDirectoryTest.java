package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.job.report.SampleRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportDirectoryTest {

  private static final String NAME = "translate-20261127T220000.123Z-app-20261127-0007";

  @TempDir Path place;

  private ReportDirectory reports() {
    return new ReportDirectory(new Configuration(), place.resolve("of/nights").toString());
  }

  @Test
  void eachRunHasItsOwn() throws IOException {
    assertThat(reports().newest()).isEmpty();
    reports().keep(SampleRuns.night().toString());
    reports().keep(SampleRuns.night().put("application", "app-8").toString());
    reports().keep(SampleRuns.hostile().toString());
    assertThat(place.resolve("of/nights").toFile().list())
        .hasSize(6)
        .contains(NAME + ".json", NAME + ".html")
        .contains("translate-20261127T220000.123Z-app-8.json")
        .allMatch(
            name -> name.matches("translate-2026112[78]T220000[.]\\d{3}Z-[\\w.-]+[.](json|html)"));
    assertThat(reports().newest().orElseThrow().getName())
        .startsWith("translate-20261128T220000.000Z-");
    assertThat(place.resolve("of/nights").resolve(NAME + ".html"))
        .content()
        .contains("<h1>translate with Mixtral-8x22B</h1>");
  }

  @Test
  void noneIsReplaced() throws IOException {
    reports().keep(SampleRuns.night().toString());
    reports().keep(SampleRuns.night().put("seconds", 1).toString());
    assertThat(place.resolve("of/nights").resolve(NAME + ".json"))
        .hasContent(SampleRuns.night().toString());
  }

  @Test
  void theNewestIsThatOfTheLastStart() throws IOException {
    ObjectNode later = SampleRuns.night().put("command", "embed");
    reports().keep(later.put("started", "2026-11-28T01:00:00Z").toString());
    reports().keep(SampleRuns.night().toString());
    Files.writeString(place.resolve("of/nights/z-notes.json"), "{}");
    assertThat(reports().newest().orElseThrow().getName()).startsWith("embed-20261128T010000.000Z");
  }

  /** A run is as good without one. */
  @Test
  void aPlaceThatCannotBeWritten() throws IOException {
    Files.writeString(place.resolve("of"), "a file");
    reports().keep(SampleRuns.night().toString());
    assertThat(place.resolve("of")).hasContent("a file");
  }
}
