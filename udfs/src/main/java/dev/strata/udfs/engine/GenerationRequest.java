package dev.strata.udfs.engine;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import java.util.Objects;

/**
 * One row for the engine.
 *
 * @param key the client's name for the row
 * @param prompt its tokens
 * @param sampling how tokens are chosen
 * @param seed the row's own seed
 * @param stop what ends generation besides the maximum of tokens and the model's context
 * @param observer sees the row's logits; null for none
 */
public record GenerationRequest(
    long key,
    PromptTokens prompt,
    SamplingOptions sampling,
    long seed,
    StopCondition stop,
    LogitsObserver observer) {

  public GenerationRequest {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(stop, "stop");
  }

  public GenerationRequest(
      long key, PromptTokens prompt, SamplingOptions sampling, long seed, StopCondition stop) {
    this(key, prompt, sampling, seed, stop, null);
  }

  /** Whether a choice needs all logits, and not the best alone. */
  boolean needsLogits() {
    return observer != null || sampling.needsLogits();
  }
}
