package dev.strata.udfs.model;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A part of a layer whose weights are used together.
 *
 * @param name what it is called
 * @param order how its tiles and the sweep's tokens meet
 * @param steps what is done, one after the other
 */
public record Stage(String name, LoopOrder order, List<Step> steps) {

  public Stage {
    steps = List.copyOf(steps);
  }

  /** The matrices of its products, in the order in which their tiles pass. */
  public Stream<WeightSpec> matrices() {
    return steps.stream().map(Step::streamed).filter(Objects::nonNull);
  }

  /** The expert whose stage it is: only tokens that chose it pass. -1 for a stage of all tokens. */
  public int expert() {
    return !steps.isEmpty() && steps.get(0) instanceof Step.Gather gather ? gather.expert() : -1;
  }

  /** Whether only tokens that chose it pass. */
  public boolean isExpert() {
    return expert() >= 0;
  }
}
