package dev.strata.job.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Reports of runs that nobody ran: one of two executors with GPUs, with all that a report has. */
public final class SampleRuns {

  /** A name that would be a program, if it were not escaped. */
  public static final String HOSTILE =
      "</title></td><script>document.title='broken';alert(1)</script><img src=x onerror=alert(2)>";

  private static final String NIGHT =
      """
      {"format": 2, "status": "done", "command": "translate", "application": "app-20261127-0007",
       "started": "2026-11-27T22:00:00.123Z", "input": "hdfs://nn/lake/articles",
       "output": "hdfs://nn/lake/french articles", "identity": "11111111-22222222-33333333",
       "options": {"spark.strata.model": "/models/Mixtral-8x22B/", "spark.strata.input":
        "hdfs://nn/lake/articles", "spark.strata.output": "hdfs://nn/lake/french articles",
        "spark.strata.host.memory": "64g", "spark.strata.temperature": "0.7",
        "spark.master": "spark://host:7077"},
       "versions": {"strata": "1.0", "spark": "4.2.0"},
       "machine": {"driver": "node1", "processors": "16", "device": "GPU (--device cuda)"},
       "plan": ["memory plan: 4096 MiB", "  tile ring 1.0 GiB"],
       "planned": {"waveRows": 321, "sweepBytes": 281000000000, "stayingBytes": 0,
        "deviceBytes": 4000000000, "hostBytes": 64000000000},
       "seconds": 21600.0,
       "rows": {"done": 10000, "errors": 12, "undecoded": 3, "repeated": 40, "kept": 200},
       "tokens": {"prompt": 5120000, "new": 1000000, "computedTwice": 321, "lowMargin": 88},
       "continued": {"rowsKept": 5, "rowsResumed": 6, "tokens": 700},
       "tokensPerSecond": 50.0, "reading": false, "engines": 2, "sweeps": 3000,
       "bytesRead": 421500000000000, "expertBytes": {"used": 300000000000, "all": 400000000000},
       "deviceMemory": {"process": 3500000000, "card": 3900000000},
       "executors": [
        {"engine": "e1", "executor": "1", "sweeps": 1600, "promptTokens": 2600000,
         "newTokens": 510000, "bytesRead": 210000000000000, "sweepSeconds": 20000,
         "diskSeconds": 9000, "copySeconds": 1000, "computeSeconds": 10000, "limitSeconds": 16000,
         "hostBytes": 60000000000, "hostBudget": 64000000000, "deviceBytes": 3900000000,
         "deviceBudget": 4294967296},
        {"engine": "e2", "executor": "2", "sweeps": 1400, "promptTokens": 2520000,
         "newTokens": 490000, "bytesRead": 211500000000000, "sweepSeconds": 20000,
         "diskSeconds": 7000, "copySeconds": 1000, "computeSeconds": 12000, "limitSeconds": 16000,
         "hostBytes": 65000000000, "hostBudget": 64000000000, "deviceBytes": 3800000000,
         "deviceBudget": 4294967296}],
       "rates": {"stepSeconds": 3600, "newTokens": [10, 55.5, 60, 58, 61, 47],
        "promptTokens": [900, 300, 200, 100, 50, 10]},
       "errors": [{"rows": 9, "error": "the prompt has 9,000 tokens; set --long-prompts truncate",
         "same": false}, {"rows": 3, "error": "column 'text' is null", "same": true}]}
      """;

  private SampleRuns() {}

  /** A run of a night. */
  public static ObjectNode night() {
    try {
      return (ObjectNode) new JsonMapper().readTree(NIGHT);
    } catch (IOException e) {
      throw new IllegalStateException("the sample is JSON", e);
    }
  }

  /** The same of another night, in which all was quicker, under a name that is a program. */
  public static ObjectNode hostile() {
    ObjectNode run = night();
    run.put("started", "2026-11-28T22:00:00Z").put("application", HOSTILE);
    run.put("tokensPerSecond", 65.0).put("input", HOSTILE).put("output", HOSTILE);
    ObjectNode options = (ObjectNode) run.get("options");
    options.put("spark.strata.model", "/models/" + HOSTILE.replace("/", ""));
    options.put("spark.strata.prompt", "word".repeat(500));
    options.put("spark.hadoop." + "x".repeat(300), "y".repeat(300));
    options.put(HOSTILE, HOSTILE);
    ((ObjectNode) run.get("machine")).put("device", HOSTILE);
    ((ObjectNode) run.get("executors").get(0)).put("executor", HOSTILE);
    ((ObjectNode) run.get("errors").get(1)).put("error", HOSTILE + "e".repeat(400));
    run.putArray("plan").add(HOSTILE).add("z".repeat(300));
    return run;
  }

  /** As a command reads it. */
  public static KeptRun read(ObjectNode json) throws IOException {
    return KeptRun.parse(json.toString().getBytes(StandardCharsets.UTF_8));
  }
}
