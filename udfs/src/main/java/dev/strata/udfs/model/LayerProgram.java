package dev.strata.udfs.model;

import java.util.List;
import java.util.Optional;

/**
 * All that one layer does to the residual stream.
 *
 * @param stages one after the other
 */
public record LayerProgram(List<Stage> stages) {

  public LayerProgram {
    stages = List.copyOf(stages);
  }

  /** How the layer attends, which it does once or not at all. */
  public Optional<AttentionSpec> attention() {
    return stages.stream()
        .flatMap(stage -> stage.steps().stream())
        .filter(Step.Attend.class::isInstance)
        .map(step -> ((Step.Attend) step).attention())
        .findFirst();
  }
}
