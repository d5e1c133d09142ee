package dev.strata.udfs.engine;

import dev.strata.udfs.api.FinishReason;

/**
 * What the engine made of a row.
 *
 * @param key the client's name for the row
 * @param tokens the generated tokens, a stop token included
 * @param reason why generation ended
 * @param error one sentence where the reason is an error, else null
 */
// The tokens go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
public record GenerationResult(long key, int[] tokens, FinishReason reason, String error) {}
