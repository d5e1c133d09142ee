package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunReportJsonTest {

  @Test
  void figuresOfARun() throws Exception {
    RunProgress progress =
        new RunProgress(
            Map.of("a", RunReportTest.engine(4567), "b", RunReportTest.engine(100)),
            Map.of(0, RunReportTest.counts(300, 4567, "column 'text' is null")));
    RunReport report = new RunReport(progress, Duration.ofMillis(1500), "/out");
    JsonNode json = read(json(Map.of()).done(report));
    assertThat(json.path("status").textValue()).isEqualTo("done");
    assertThat(json.path("seconds").doubleValue()).isEqualTo(1.5);
    assertThat(json.path("rows").toString())
        .isEqualTo("{\"done\":300,\"errors\":1,\"undecoded\":0,\"repeated\":0,\"kept\":0}");
    assertThat(json.path("tokens").path("new").longValue()).isEqualTo(4567);
    assertThat(json.path("tokens").path("computedTwice").longValue()).isEqualTo(100);
    assertThat(json.path("expertBytes").toString())
        .isEqualTo("{\"used\":0,\"all\":0,\"kept\":0,\"unchosen\":0}");
    assertThat(json.path("errors").toString())
        .isEqualTo("[{\"rows\":1,\"error\":\"column 'text' is null\",\"same\":true}]");
    assertThat(json.path("versions").path("spark").textValue()).isEqualTo("4");
    assertThat(json.path("plan").path(0).textValue()).isEqualTo("memory plan: all of it");
    assertThat(json.path("planned").toString())
        .isEqualTo(
            "{\"waveRows\":64,\"sweepBytes\":2000,\"stayingBytes\":1000,\"deviceBytes\":3000,"
                + "\"hostBytes\":4000}");
    assertThat(json.path("format").intValue()).isEqualTo(2);
    assertThat(json.path("machine").path("driver").textValue()).isEqualTo("node1");
    assertThat(json.path("executors")).hasSize(2);
  }

  @Test
  void memoryOfGpus() throws Exception {
    Map<String, EngineSnapshot> engines = Map.of("a", RunReportTest.onCard("a", 700, 900));
    RunReport onGpu = new RunReport(new RunProgress(engines, Map.of()), Duration.ZERO, "/out");
    assertThat(read(json(Map.of()).done(onGpu)).path("deviceMemory").toString())
        .isEqualTo("{\"process\":734003200,\"card\":943718400}");
    RunReport onCpu = new RunReport(RunProgress.NONE, Duration.ZERO, "/out");
    assertThat(read(json(Map.of()).done(onCpu)).has("deviceMemory")).isFalse();
  }

  @Test
  void runsThatEndOtherwise() throws Exception {
    assertThat(read(json(Map.of()).running()).path("status").textValue()).isEqualTo("running");
    JsonNode failed = read(json(Map.of()).failed("the disk is \"full\""));
    assertThat(failed.path("status").textValue()).isEqualTo("failed");
    assertThat(failed.path("error").textValue()).isEqualTo("the disk is \"full\"");
    String refused = "jdbc:postgresql://db/mails?user=etl&password=s3cr3t is not reached";
    assertThat(read(json(Map.of()).failed(refused)).path("error").textValue())
        .startsWith("jdbc:postgresql://db/mails?user=etl&password=")
        .doesNotContain("s3cr3t");
    RunProgress none = new RunProgress(Map.of(), Map.of(0, RowCounts.NONE));
    assertThat(read(json(Map.of()).done(new RunReport(none, Duration.ZERO, "/o"))).path("status"))
        .hasToString("\"done\"");
  }

  @Test
  void secretsAreLeftOut() throws Exception {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.maxNewTokens", "60");
    settings.put("spark.strata.row.tokens", "1024");
    settings.put("spark.strata.input.options", "user=me,password=open sesame,fetchsize=5");
    settings.put("spark.strata.input", "s3a://AKIA:s3cr3t@bucket/rows?sig=abc");
    settings.put("spark.hadoop.fs.s3a.secret.key", "s3cr3t");
    settings.put("spark.hadoop.fs.s3a.access.key", "s3cr3t");
    settings.put("spark.hadoop.fs.azure.account.key.x.dfs.core.windows.net", "s3cr3t");
    settings.put("spark.hadoop.fs.azure.sas.c.x.blob.core.windows.net", "s3cr3t");
    settings.put("spark.ssl.keyPassword", "s3cr3t");
    settings.put("spark.app.name", "night");
    JsonNode json = read(json(settings).running());
    assertThat(json.path("input").textValue()).isEqualTo("s3a://*********(redacted)@bucket/in");
    JsonNode options = json.path("options");
    assertThat(options.toString())
        .doesNotContain("s3cr3t")
        .doesNotContain("sesame")
        .doesNotContain("sig=abc")
        .contains("\"spark.strata.maxNewTokens\":\"60\"")
        .contains("\"spark.strata.row.tokens\":\"1024\"")
        .contains("user=me,password=*********(redacted),fetchsize=5")
        .contains("\"spark.app.name\":\"night\"");
  }

  private static RunReportJson json(Map<String, String> settings) {
    return new RunReportJson(
        "generate",
        Instant.EPOCH,
        "s3a://AKIA:s3cr3t@bucket/in",
        "/out",
        settings,
        () -> new RunIdentity("11111111", "22222222", "33333333"),
        new Environment(
            "app-7",
            Map.of("spark", "4"),
            Map.of("driver", "node1"),
            new PlannedEngine(List.of("memory plan: all of it"), 64, 2000, 1000, 3000, 4000)),
        null);
  }

  private static JsonNode read(String json) throws Exception {
    return new JsonMapper().readTree(json);
  }
}
