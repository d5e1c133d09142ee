package dev.strata.job.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.ErrorReasons;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A run as {@link RunReportJson} wrote it, to be kept. */
public final class KeptRun {

  private static final JsonMapper JSON = new JsonMapper();

  /** Some centuries. */
  private static final double MOST_SECONDS = 1e10;

  private final JsonNode json;
  private final Instant started;
  private final RunFigures figures;

  private KeptRun(JsonNode json, Instant started, RunFigures figures) {
    this.json = json;
    this.started = started;
    this.figures = figures;
  }

  /**
   * Reads one.
   *
   * @throws IOException if it is none
   */
  public static KeptRun parse(byte[] bytes) throws IOException {
    JsonNode json = JSON.readTree(bytes);
    if (!json.path("command").isTextual() || !json.path("options").isObject()) {
      throw new IOException("it has no command and options");
    }
    double seconds = json.path("seconds").doubleValue();
    if (!(seconds >= 0 && seconds < MOST_SECONDS)) {
      throw new IOException("it says that the run took %s seconds".formatted(seconds));
    }
    try {
      Instant started = Instant.parse(json.path("started").asText());
      return new KeptRun(json, started, RunFigures.of(json));
    } catch (DateTimeException e) {
      throw new IOException("it does not say when it was started", e);
    }
  }

  /** The format that it is written in, where this version does not know it. */
  public Optional<Integer> unknownFormat() {
    int format = json.path("format").asInt(1);
    return format > RunReportJson.FORMAT ? Optional.of(format) : Optional.empty();
  }

  /** How it ended, or that it goes on. */
  String status() {
    return json.path("status").asText("");
  }

  /** What ended it; empty if it came to its end. */
  Optional<String> error() {
    return Optional.ofNullable(json.path("error").textValue());
  }

  RunFigures figures() {
    return figures;
  }

  /** The task's word. */
  public String command() {
    return json.path("command").textValue();
  }

  public Instant started() {
    return started;
  }

  /** Whether it asked the failed rows of another again. */
  public boolean isRetry() {
    return json.has("retryOf");
  }

  /** How long it took; nothing where it has not come to its end. */
  public Duration time() {
    return Duration.ofMillis(Math.round(json.path("seconds").doubleValue() * 1000));
  }

  /** Where the model was. */
  public String model() {
    return json.path("options").path(StrataKeys.MODEL.name()).asText();
  }

  public String input() {
    return json.path("input").asText();
  }

  String output() {
    return json.path("output").asText();
  }

  /** Spark's name of the application; empty where it does not say. */
  public String application() {
    return json.path("application").asText("");
  }

  /** What its rows depend on, as digests. */
  String identity() {
    return json.path("identity").asText("");
  }

  /** Versions of programs, and what is known of machines, by name. */
  Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>(texts("versions"));
    environment.putAll(texts("machine"));
    return environment;
  }

  /** An engine's memory plan, for a person. */
  List<String> plan() {
    List<String> lines = new ArrayList<>();
    json.path("plan").forEach(line -> lines.add(line.asText()));
    return lines;
  }

  /** All settings, secrets hidden. */
  public Map<String, String> settings() {
    return new TreeMap<>(texts("options"));
  }

  private Map<String, String> texts(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    json.path(name).properties().forEach(s -> texts.put(s.getKey(), s.getValue().asText()));
    return texts;
  }

  /** The names of settings whose values were hidden, in part or as a whole. */
  public Set<String> hiddenSettings() {
    return settings().entrySet().stream()
        .filter(setting -> setting.getValue().contains(Redaction.HIDDEN))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** All rows of the output, those that were taken over among them. */
  public long rows() {
    return figures.rows().done() + rowsTakenOver();
  }

  /** Rows that an earlier run had done. */
  public long rowsTakenOver() {
    return figures.rows().kept();
  }

  /** Rows that were continued after an interruption: finished ones and begun ones. */
  public long rowsContinued() {
    return figures.rows().continued() + figures.rows().resumed();
  }

  /** Why rows of the output have errors. */
  public ErrorReasons errors() {
    return reasons(
        json.has(RunReportJson.OUTPUT_ERRORS)
            ? json.path(RunReportJson.OUTPUT_ERRORS)
            : json.path("errors"));
  }

  private static ErrorReasons reasons(JsonNode all) {
    Map<String, ErrorReasons.Kind> kinds = new TreeMap<>();
    for (JsonNode kind : all) {
      kinds.put(
          kind.path("error").asText(),
          new ErrorReasons.Kind(
              kind.path("rows").longValue(),
              kind.path("error").asText(),
              kind.path("same").booleanValue()));
    }
    return new ErrorReasons(kinds);
  }

  /** The columns of the output's rows, as Spark writes them; empty where it does not say. */
  public Optional<String> schema() {
    return Optional.ofNullable(json.get("schema")).map(JsonNode::toString);
  }

  /** As it was written. */
  JsonNode json() {
    return json;
  }
}
