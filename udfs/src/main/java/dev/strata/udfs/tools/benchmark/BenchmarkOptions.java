package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.tools.CheckpointShape;

/**
 * What to measure.
 *
 * @param engine what the engine is started with; its model is made where there is a shape and it is
 *     not there
 * @param shape of the model that is made; null if the model is there
 * @param prompts rows
 * @param promptTokens tokens of each prompt, chosen at random
 * @param newTokens tokens that each row gets
 * @param rowByRow whether to compare with one row after another
 * @param command the command line, to be printed with the results
 */
public record BenchmarkOptions(
    EngineOptions engine,
    CheckpointShape shape,
    int prompts,
    int promptTokens,
    int newTokens,
    boolean rowByRow,
    String command) {}
