package dev.strata.udfs.engine;

import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StateMemory;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Choices;
import dev.strata.udfs.transformer.ExpertResults;

/**
 * The memory that a sweep's tokens pass through.
 *
 * @param embedding where their hidden states come from
 * @param pool who has which keys and values
 * @param statePool who has which states
 * @param choices which experts tokens chose; null where there are none
 * @param results of experts that are computed at once; null where none are
 */
record SweepMemory(
    EmbeddingReader embedding,
    HiddenStates hidden,
    KvPool pool,
    KvMemory kv,
    StatePool statePool,
    StateMemory states,
    Activations activations,
    Choices choices,
    ExpertResults results) {

  /** Between sweeps: from now on blocks have so many tokens at most, fewer than before. */
  void shrink(int blockTokens) {
    activations.resize(blockTokens);
    hidden.shrink(blockTokens);
    if (results != null) {
      results.resize(blockTokens);
    }
  }
}
