package dev.strata.udfs.engine;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import java.util.Objects;

/**
 * One row for the engine.
 *
 * @param key the client's name for the row
 * @param prompt its tokens
 * @param ask what it asks
 */
public record RowRequest(long key, PromptTokens prompt, Ask ask) {

  public RowRequest {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(ask, "ask");
  }

  /** A row that asks for new tokens. */
  public RowRequest(
      long key, PromptTokens prompt, SamplingOptions sampling, long seed, StopCondition stop) {
    this(key, prompt, new Ask.Generate(sampling, seed, stop, null));
  }
}
