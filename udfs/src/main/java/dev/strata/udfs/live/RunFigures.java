package dev.strata.udfs.live;

import java.util.List;
import java.util.Map;

/**
 * A run as it is at a time: what is shown of it, and kept in the event log. Nothing in it is a
 * row's.
 *
 * @param run the number of its accumulator, by which one application tells runs apart
 * @param models the names of those that it asks
 * @param state whether it goes on, or how it ended
 * @param started when the first of it was heard, in milliseconds since 1970
 * @param seen when this was
 * @param expectedRows how many rows it has; negative where nobody knows
 * @param toGoMillis a guess how long it will go on; negative where there is none
 * @param work all engines together
 * @param errors how many rows failed, by what their errors have in common
 * @param engines those that worked for it
 */
record RunFigures(
    long run,
    List<String> models,
    RunState state,
    long started,
    long seen,
    long expectedRows,
    long toGoMillis,
    WorkFigures work,
    Map<String, Long> errors,
    List<EngineFigures> engines) {

  RunFigures {
    models = List.copyOf(models);
    errors = Map.copyOf(errors);
    engines = List.copyOf(engines);
  }
}
