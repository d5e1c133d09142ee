package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RunPageTest {

  @Test
  void whatARunDid() throws IOException {
    String page = RunPage.html(SampleRuns.read(SampleRuns.night()));
    assertThat(page)
        .contains("<h1>translate with Mixtral-8x22B</h1>")
        .contains("started 27 Nov 2026, 22:00:00 UTC, took 6:00:00: done")
        .contains("<span class=\"value\">10,000</span><span class=\"soft\">12 errors</span>")
        .contains("<span class=\"value\">50</span>", "80 % of the limit of 63")
        .contains("aria-label=\"new tokens per second, from 0 to 61\"", "<span>6:00:00</span>")
        .contains("computing 6:06:40 (55 %)", "waiting for copies 33:20 (5 %)")
        .contains("waiting for the disk 4:26:40 (40 %)")
        .contains("60.0 GB of 64.0 GB", "3.90 GB of 4.29 GB")
        .contains("300 GB of 400 GB: routing saved 25 %")
        .contains("<td>such as: the prompt has 9,000 tokens; set --long-prompts truncate</td>")
        .contains("<code>strata retry-failed &#39;hdfs://nn/lake/french articles&#39;</code>")
        .contains("strata translate \\\n  --model /models/Mixtral-8x22B/ \\\n  --input hdfs:")
        .contains("<dt>--temperature</dt><dd>0.7</dd>")
        .contains("<dt>spark.master</dt><dd>spark://host:7077</dd>")
        .contains("<dt>device</dt><dd>GPU (--device cuda)</dd>")
        .contains("memory plan: 4096 MiB\n  tile ring 1.0 GiB</pre>");
  }

  @Test
  void whatAPersonShouldKnow() throws IOException {
    assertThat(RunWarnings.of(SampleRuns.read(SampleRuns.night()).figures()))
        .containsExactly(
            "3 rows have U+FFFD where bytes were no text; if the input is not UTF-8, set"
                + " --input-options encoding=windows-1252 or what it is",
            "321 tokens were computed twice, since executors were lost with them",
            "executor 2 held 65.0 GB of host memory, more than the 64.0 GB that it was given");
  }

  @Test
  void namesStayTexts() throws IOException {
    String page = RunPage.html(SampleRuns.read(SampleRuns.hostile()));
    assertThat(page)
        .doesNotContain("<script", "<img", "</title></td>")
        .contains("&lt;script&gt;", "&lt;img src=x onerror=alert(2)&gt;");
  }

  @Test
  void aRunThatFailed() throws IOException {
    ObjectNode run = SampleRuns.night().put("status", "failed").put("error", "the disk is <full>");
    run.remove("seconds");
    assertThat(RunPage.html(SampleRuns.read(run)))
        .contains("<b>The run failed: </b>the disk is &lt;full&gt;")
        .contains("started 27 Nov 2026, 22:00:00 UTC: failed")
        .contains("<dt>--temperature</dt>")
        .doesNotContain("class=\"tiles\"");
  }

  /** What the first version kept. */
  @Test
  void anEarlierReport() throws IOException {
    String json =
        """
        {"status": "done", "command": "score", "started": "2026-11-01T00:00:00Z", "seconds": 60.0,
         "input": "/in", "output": "/out", "options": {"spark.strata.model": "/m"},
         "rows": {"done": 7, "errors": 0}, "tokens": {"prompt": 70, "new": 0}, "sweeps": 2}
        """;
    String page = RunPage.html(KeptRun.parse(json.getBytes(StandardCharsets.UTF_8)));
    assertThat(page)
        .contains("<h1>score with m</h1>", "<span class=\"value\">7</span>")
        .contains("prompt tokens</span><span class=\"value\">70</span>")
        .doesNotContain("Where the time went", "<h2>Memory</h2>", "NaN");
  }
}
