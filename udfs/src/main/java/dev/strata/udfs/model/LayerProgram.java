package dev.strata.udfs.model;

import java.util.List;

/**
 * All that one layer does to the residual stream.
 *
 * @param stages one after the other
 */
public record LayerProgram(List<Stage> stages) {

  public LayerProgram {
    stages = List.copyOf(stages);
  }
}
