package dev.strata.job.report;

import java.util.Map;

/**
 * How a run came to what it did.
 *
 * @param rates its tokens per second
 * @param executors where engines were, by the engine's name; those of whom nothing was heard before
 *     their end are missing
 */
public record RunCourse(TokenRates rates, Map<String, String> executors) {

  /** Nothing is known. */
  public static final RunCourse NONE = new RunCourse(TokenRates.NONE, Map.of());

  public RunCourse {
    executors = Map.copyOf(executors);
  }
}
