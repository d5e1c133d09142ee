package dev.strata.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RowCounts;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A run for programs, as JSON.
 *
 * @param command its word
 * @param started when
 * @param input where the rows come from
 * @param output where they go
 * @param settings all that were given, secrets among them
 * @param identity what rows depend on, which takes a look at each tensor of the model
 * @param environment where it runs
 * @param retryOf when the run was started whose failed rows this one asks again; null for others
 */
public record RunReportJson(
    String command,
    Instant started,
    String input,
    String output,
    Map<String, String> settings,
    Supplier<RunIdentity> identity,
    Environment environment,
    Instant retryOf) {

  /** What a report of this version has. One without a format is of the first. */
  static final int FORMAT = 2;

  /** Why rows have errors, those that were taken over among them. */
  static final String OUTPUT_ERRORS = "outputErrors";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Of a run that goes on, or that was killed. */
  public String running() {
    return text(begun("running"));
  }

  /** Of a run that ended with an error. */
  public String failed(String error) {
    return text(begun("failed").put("error", Redaction.shown(error)));
  }

  /** Of a run whose output was there and stays. */
  public String nothingDone() {
    return text(begun("nothing to do"));
  }

  /** Of a run that came to its end. */
  public String done(RunReport report) {
    return text(ended(report));
  }

  /**
   * The same as it is kept in an output.
   *
   * @param schema the columns of its rows, as Spark writes them
   */
  public String kept(RunReport report, String schema) {
    ObjectNode json = ended(report);
    try {
      json.set("schema", JSON.readTree(schema));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no schema: " + schema, e);
    }
    return text(json);
  }

  private ObjectNode ended(RunReport report) {
    ObjectNode json = begun(report.failure().isPresent() ? "all rows failed" : "done");
    report.failure().ifPresent(error -> json.put("error", error));
    json.put("seconds", report.time().toMillis() / 1000.0);
    RowCounts counts = report.progress().rows();
    ObjectNode rows = json.putObject("rows").put("done", counts.done());
    rows.put("errors", counts.errors())
        .put("undecoded", counts.undecoded())
        .put("repeated", counts.repeated());
    rows.put("kept", report.reuse() == null ? 0 : report.reuse().kept());
    if (report.reuse() != null && report.reuse().stayed() != null) {
      rows.put("keptChanged", report.reuse().stayed().changed())
          .put("keptFailed", report.reuse().stayed().failed());
    }
    json.putObject("tokens")
        .put("prompt", counts.promptTokens())
        .put("new", counts.completionTokens())
        .put("computedTwice", report.computedTwice())
        .put("lowMargin", report.progress().sum(EngineSnapshot::lowMargins));
    json.putObject("continued")
        .put("rowsKept", counts.kept())
        .put("rowsResumed", counts.resumed())
        .put("tokens", counts.keptTokens());
    json.put("tokensPerSecond", Math.round(100 * report.tokensPerSecond()) / 100.0)
        .put("reading", report.isReading());
    json.put("engines", report.progress().engines().size());
    json.put("sweeps", report.progress().sum(EngineSnapshot::sweeps));
    json.put("bytesRead", report.progress().sum(EngineSnapshot::readBytes));
    json.putObject("expertBytes")
        .put("used", report.progress().sum(EngineSnapshot::chosenExpertBytes))
        .put("all", report.progress().sum(EngineSnapshot::expertBytes))
        .put("kept", report.progress().sum(EngineSnapshot::keptExpertBytes))
        .put("unchosen", report.progress().sum(EngineSnapshot::unchosenExpertBytes));
    report
        .deviceMemory()
        .ifPresent(
            engine ->
                json.putObject("deviceMemory")
                    .put("process", engine.processDeviceBytes())
                    .put("card", engine.cardDeviceBytes()));
    json.set("executors", JSON.valueToTree(report.executors()));
    json.set("rates", JSON.valueToTree(report.course().rates()));
    add(json.putArray("errors"), counts.reasons());
    if (report.reuse() != null && report.reuse().errors() != null) {
      add(json.putArray(OUTPUT_ERRORS), report.reuse().errors());
    }
    return json;
  }

  static void add(ArrayNode errors, ErrorReasons reasons) {
    for (ErrorReasons.Kind kind : reasons.byFrequency()) {
      errors
          .addObject()
          .put("rows", kind.rows())
          .put("error", kind.example())
          .put("same", kind.isSame());
    }
  }

  private ObjectNode begun(String status) {
    ObjectNode json = JSON.createObjectNode().put("format", FORMAT);
    json.put("status", status).put("command", command);
    if (retryOf != null) {
      json.put("retryOf", retryOf.toString());
    }
    json.put("application", environment.application());
    json.put("started", started.toString()).put("input", Redaction.shown(input));
    json.put("output", Redaction.shown(output));
    json.put("identity", identity.get().toString());
    json.set("options", JSON.valueToTree(Redaction.of(settings)));
    json.set("versions", JSON.valueToTree(environment.versions()));
    json.set("machine", JSON.valueToTree(environment.machine()));
    json.set("plan", JSON.valueToTree(environment.plan().lines()));
    json.set("planned", JSON.valueToTree(environment.plan()));
    return json;
  }

  private static String text(ObjectNode json) {
    try {
      return JSON.writeValueAsString(json) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers is always JSON", e);
    }
  }
}
