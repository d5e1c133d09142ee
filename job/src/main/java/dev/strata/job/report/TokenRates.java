package dev.strata.job.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;

/**
 * Tokens per second as a run went on, in even steps.
 *
 * @param stepSeconds the time of a step
 * @param newTokens in each step
 * @param promptTokens in each step
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record TokenRates(double stepSeconds, List<Double> newTokens, List<Double> promptTokens) {

  /** Nothing is known. */
  public static final TokenRates NONE = new TokenRates(0, List.of(), List.of());

  public TokenRates {
    newTokens = newTokens == null ? List.of() : List.copyOf(newTokens);
    promptTokens = promptTokens == null ? List.of() : List.copyOf(promptTokens);
  }
}
