package dev.strata.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * The figures of a kept run. What an earlier version did not write is zero or empty.
 *
 * @param tokensPerSecond for the time in sweeps
 * @param isReading whether tokens are those of prompts, since none are new
 * @param executors one for each engine
 * @param rates tokens per second as the run went on
 * @param planned what an engine was to do with its memory
 */
record RunFigures(
    double seconds,
    double tokensPerSecond,
    boolean isReading,
    Rows rows,
    Tokens tokens,
    long sweeps,
    long bytesRead,
    Experts experts,
    CardMemory card,
    List<ExecutorFigures> executors,
    TokenRates rates,
    PlannedEngine planned) {

  private static final JsonMapper JSON = new JsonMapper();

  /** Rows of the run, and those that were there before. */
  record Rows(
      long done,
      long errors,
      long undecoded,
      long repeated,
      long kept,
      long keptChanged,
      long keptFailed,
      long continued,
      long resumed) {}

  /** Tokens of the run. */
  record Tokens(long prompt, long fresh, long computedTwice, long lowMargin, long continued) {}

  /** Bytes of experts that tokens chose, of all that there are; zero for models without any. */
  record Experts(long used, long all) {}

  /** What {@code nvidia-smi} saw at most; zero without a GPU. */
  record CardMemory(long process, long card) {}

  /**
   * Reads them.
   *
   * @throws IOException if they are none
   */
  static RunFigures of(JsonNode json) throws IOException {
    JsonNode rows = json.path("rows");
    JsonNode tokens = json.path("tokens");
    JsonNode continued = json.path("continued");
    JsonNode card = json.path("deviceMemory");
    JsonNode experts = json.path("expertBytes");
    try {
      return new RunFigures(
          json.path("seconds").doubleValue(),
          json.path("tokensPerSecond").doubleValue(),
          json.path("reading").asBoolean(number(tokens, "new") == 0),
          new Rows(
              number(rows, "done"),
              number(rows, "errors"),
              number(rows, "undecoded"),
              number(rows, "repeated"),
              number(rows, "kept"),
              number(rows, "keptChanged"),
              number(rows, "keptFailed"),
              number(continued, "rowsKept"),
              number(continued, "rowsResumed")),
          new Tokens(
              number(tokens, "prompt"),
              number(tokens, "new"),
              number(tokens, "computedTwice"),
              number(tokens, "lowMargin"),
              number(continued, "tokens")),
          number(json, "sweeps"),
          number(json, "bytesRead"),
          new Experts(number(experts, "used"), number(experts, "all")),
          new CardMemory(number(card, "process"), number(card, "card")),
          executors(json.path("executors")),
          json.has("rates")
              ? JSON.treeToValue(json.path("rates"), TokenRates.class)
              : TokenRates.NONE,
          json.has("planned")
              ? JSON.treeToValue(json.path("planned"), PlannedEngine.class)
              : PlannedEngine.unknown(""));
    } catch (JsonProcessingException e) {
      throw new IOException("its figures are none: " + e.getOriginalMessage(), e);
    }
  }

  private static long number(JsonNode json, String name) {
    return json.path(name).longValue();
  }

  private static List<ExecutorFigures> executors(JsonNode all) throws JsonProcessingException {
    List<ExecutorFigures> executors = new ArrayList<>();
    for (JsonNode executor : all) {
      executors.add(JSON.treeToValue(executor, ExecutorFigures.class));
    }
    return List.copyOf(executors);
  }

  /** The sum over all executors. */
  double sum(ToDoubleFunction<ExecutorFigures> figure) {
    return executors.stream().mapToDouble(figure).sum();
  }

  /** How much of the speed was reached that one of disk, copies and products allows for alone. */
  OptionalDouble partOfLimit() {
    double limit = sum(ExecutorFigures::limitSeconds);
    double sweeps = sum(ExecutorFigures::sweepSeconds);
    return limit > 0 && sweeps > 0
        ? OptionalDouble.of(Math.min(1, limit / sweeps))
        : OptionalDouble.empty();
  }

  /** The longest time that an executor was in sweeps. */
  double sweepSeconds() {
    return executors.stream().mapToDouble(ExecutorFigures::sweepSeconds).max().orElse(0);
  }
}
