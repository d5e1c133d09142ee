package dev.strata.udfs.api;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/**
 * All that a task needs to know about a run.
 *
 * @param idleTimeout how long the engine is kept when no task uses it any more
 * @param stallTimeout how long the engine may get nothing done before it fails
 * @param staging how a node comes by a model that is not local
 * @param prompt how columns become conversations; null where questions are made otherwise
 * @param idColumn the column that names a row; null to make its id from its content
 * @param rowOptions input columns that override sampling options row by row
 * @param seed the run's seed; a row's seed is made from it and the row's id
 * @param cutsPrompts whether a row's texts are cut where its prompt and new tokens exceed the
 *     model's context; else such a prompt is an error of the row
 * @param dedupes whether equal prompts are asked once where that changes nothing
 * @param readout what is read from the model for each row; null where new tokens are wanted, and
 *     where questions are made otherwise
 * @param readAheadRows the most rows a task holds that are not finished; 0 for what its engine's
 *     wave wants
 */
public record GenerationOptions(
    EngineOptions engine,
    Duration idleTimeout,
    Duration stallTimeout,
    ModelStaging staging,
    PromptOptions prompt,
    SamplingOverrides sampling,
    String idColumn,
    List<String> rowOptions,
    long seed,
    boolean cutsPrompts,
    boolean dedupes,
    Readout readout,
    int readAheadRows)
    implements Serializable {

  public GenerationOptions {
    rowOptions = List.copyOf(rowOptions);
  }

  /** The same options for an input that says in a column why a row cannot be asked. */
  public GenerationOptions withErrorColumn(String column) {
    return new GenerationOptions(
        engine,
        idleTimeout,
        stallTimeout,
        staging,
        prompt.withErrorColumn(column),
        sampling,
        idColumn,
        rowOptions,
        seed,
        cutsPrompts,
        dedupes,
        readout,
        readAheadRows);
  }

  /** The same options for rows that have something read instead of new tokens. */
  public GenerationOptions reading(Readout read) {
    boolean readsPrompts = read instanceof Readout.Score || read instanceof Readout.Embed;
    return new GenerationOptions(
        engine.expecting(new ExpectedRows(engine.rowTokens(), readsPrompts)),
        idleTimeout,
        stallTimeout,
        staging,
        prompt,
        sampling,
        idColumn,
        rowOptions,
        seed,
        cutsPrompts,
        dedupes,
        read,
        readAheadRows);
  }
}
