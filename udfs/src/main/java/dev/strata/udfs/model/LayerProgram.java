package dev.strata.udfs.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All that one layer does to the residual stream.
 *
 * @param stages one after the other
 */
public record LayerProgram(List<Stage> stages) {

  public LayerProgram {
    stages = List.copyOf(stages);
  }

  /** A layer of one stage and others behind it. */
  static LayerProgram of(Stage first, List<Stage> others) {
    return new LayerProgram(Stream.concat(Stream.of(first), others.stream()).toList());
  }

  /** How the layer attends, which it does once or not at all. */
  public Optional<AttentionSpec> attention() {
    return steps()
        .filter(Step.Attend.class::isInstance)
        .map(step -> ((Step.Attend) step).attention())
        .findFirst();
  }

  /** The layer's delta rule, where it has one instead of attention. */
  public Optional<RecurrenceSpec> recurrence() {
    return steps()
        .filter(Step.Recur.class::isInstance)
        .map(step -> ((Step.Recur) step).recurrence())
        .findFirst();
  }

  private Stream<Step> steps() {
    return stages.stream().flatMap(stage -> stage.steps().stream());
  }
}
