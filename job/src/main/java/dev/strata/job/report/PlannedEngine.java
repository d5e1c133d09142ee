package dev.strata.job.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.strata.udfs.api.PlanPreview;
import java.util.List;

/**
 * What an engine was to do with its memory, as the driver planned it.
 *
 * @param lines for a person; why it is not known, where it is not
 * @param waveRows the most rows of a sweep; 0 where it is not known
 * @param sweepBytes bytes of the weights that a sweep streams
 * @param stayingBytes bytes of them that stay in host memory
 * @param deviceBytes on a GPU; 0 without one
 * @param hostBytes outside the heap
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record PlannedEngine(
    @JsonIgnore List<String> lines,
    int waveRows,
    long sweepBytes,
    long stayingBytes,
    long deviceBytes,
    long hostBytes) {

  public PlannedEngine {
    lines = lines == null ? List.of() : List.copyOf(lines);
  }

  /** What is planned. */
  public static PlannedEngine of(PlanPreview plan) {
    return new PlannedEngine(
        plan.lines(),
        plan.waveRows(),
        plan.sweepBytes(),
        plan.stayingBytes(),
        plan.deviceBytes(),
        plan.hostBytes());
  }

  /** Nothing that could be. */
  public static PlannedEngine unknown(String why) {
    return new PlannedEngine(List.of(why), 0, 0, 0, 0, 0);
  }
}
