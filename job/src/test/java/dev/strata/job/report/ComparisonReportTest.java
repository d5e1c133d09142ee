package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ComparisonReportTest {

  private static ObjectNode quicker() {
    ObjectNode run = SampleRuns.night().put("started", "2026-11-28T22:00:00Z");
    run.put("tokensPerSecond", 65.0).put("seconds", 16_200.0);
    ((ObjectNode) run.get("options")).put("spark.strata.wave.size", "321");
    ((ObjectNode) run.get("options")).remove("spark.strata.temperature");
    ((ObjectNode) run.get("options")).put("spark.app.id", "app-9");
    ((ObjectNode) run.get("versions")).put("spark", "4.1.3");
    ObjectNode longer = (ObjectNode) run.get("errors").get(0);
    longer.put("rows", 2).put("error", "the prompt has 8,000 tokens; set --long-prompts truncate");
    ((ObjectNode) run.get("errors").get(1)).put("error", "column 'body' is null").put("rows", 1);
    return run;
  }

  private static ComparisonReport report(ObjectNode a, ObjectNode b) throws IOException {
    return new ComparisonReport(
        new ComparisonReport.Side("/a", SampleRuns.read(a)),
        new ComparisonReport.Side("/b", SampleRuns.read(b)));
  }

  @Test
  void forAPerson() throws IOException {
    assertThat(report(SampleRuns.night(), quicker()).text().lines())
        .containsSubsequence(
            "A  /a: translate with Mixtral-8x22B, started 27 Nov 2026, 22:00:00 UTC, took 6:00:00:"
                + " done",
            "B  /b: translate with Mixtral-8x22B, started 28 Nov 2026, 22:00:00 UTC, took 4:30:00:"
                + " done",
            "                                          A              B",
            "  new tokens per second                  50             65  +30.0 %",
            "  part of the limit                    80 %           80 %",
            "  time                              6:00:00        4:30:00  -25.0 %",
            "  device memory                     3.90 GB        3.90 GB",
            "errors",
            "                                          9              2  such as: the prompt has 9,000"
                + " tokens; set --long-prompts truncate",
            "                                          3              1  column 'text' is null",
            "options that differ",
            "  --temperature",
            "    A  0.7",
            "    B  –",
            "  --wave-size",
            "    A  –",
            "    B  321",
            "versions and machines that differ",
            "  spark",
            "    A  4.2.0",
            "    B  4.1.3")
        .noneMatch(line -> line.contains("spark.app.id"))
        .noneMatch(line -> line.contains("--host-memory"));
  }

  @Test
  void forPrograms() throws IOException {
    JsonNode json = new JsonMapper().readTree(report(SampleRuns.night(), quicker()).json());
    assertThat(json.path("a").path("started").textValue()).isEqualTo("2026-11-27T22:00:00.123Z");
    JsonNode speed = json.path("figures").path("tokensPerSecond");
    assertThat(speed.path("a").doubleValue()).isEqualTo(50);
    assertThat(speed.path("b").doubleValue()).isEqualTo(65);
    assertThat(speed.path("change").doubleValue()).isEqualTo(0.3, within(1e-9));
    assertThat(json.path("figures").path("partOfLimit").path("a").doubleValue()).isEqualTo(0.8);
    assertThat(json.path("errors").path(0).path("b").longValue()).isEqualTo(2);
    assertThat(json.path("options").path("--temperature").path("a").textValue()).isEqualTo("0.7");
    assertThat(json.path("options").path("--temperature").path("b").isNull()).isTrue();
    assertThat(json.path("environment").toString())
        .isEqualTo("{\"spark\":{\"a\":\"4.2.0\",\"b\":\"4.1.3\"}}");
  }

  @Test
  void asAPage() throws IOException {
    String page = report(SampleRuns.night(), SampleRuns.hostile()).html();
    assertThat(page)
        .contains("<td>new tokens per second</td><td class=\"number\">50</td>")
        .contains("<td class=\"number\">+30.0 %</td>")
        .contains("<td>--prompt</td><td>–</td><td>wordword")
        .doesNotContain("<script", "<img");
  }

  /** Figures that are nothing in both are left out; of nothing there is no part. */
  @Test
  void figuresThatOneHasNot() throws IOException {
    ObjectNode earlier = SampleRuns.night();
    earlier.remove("executors");
    earlier.remove("expertBytes");
    earlier.remove("deviceMemory");
    assertThat(report(earlier, quicker()).text().lines())
        .contains(
            "  part of the limit                       –           80 %",
            "  experts used                            –           75 %");
    assertThat(report(earlier, earlier).text()).doesNotContain("experts used", "errors that");
  }
}
