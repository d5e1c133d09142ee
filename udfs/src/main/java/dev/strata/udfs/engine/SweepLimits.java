package dev.strata.udfs.engine;

/**
 * What one sweep can take.
 *
 * @param tokens the most tokens
 * @param logitRows the most tokens whose logits can be kept in full
 * @param readRows the most rows of the head's input besides one for each sequence
 */
record SweepLimits(int tokens, int logitRows, int readRows) {}
