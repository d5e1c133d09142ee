package dev.strata.job.report;

import java.util.List;
import java.util.Optional;

/**
 * The runs that an output is of.
 *
 * @param last the one that wrote it or, where others had before, added to it; empty where it does
 *     not say
 * @param before those that it added to, the earliest first
 * @param damaged the names of files that should say so and cannot be read
 */
public record KeptRuns(Optional<KeptRun> last, List<KeptRun> before, List<String> damaged) {

  /** Nothing is known. */
  public static final KeptRuns NONE = new KeptRuns(Optional.empty(), List.of(), List.of());
}
