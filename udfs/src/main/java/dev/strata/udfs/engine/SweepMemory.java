package dev.strata.udfs.engine;

import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StateMemory;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Choices;

/**
 * The memory that a sweep's tokens pass through.
 *
 * @param embedding where their hidden states come from
 * @param pool who has which keys and values
 * @param statePool who has which states
 * @param choices which experts tokens chose; null where there are none
 */
record SweepMemory(
    EmbeddingReader embedding,
    HiddenStates hidden,
    KvPool pool,
    KvMemory kv,
    StatePool statePool,
    StateMemory states,
    Activations activations,
    Choices choices) {

  /** Between sweeps: from now on blocks have so many tokens at most, fewer than before. */
  void shrink(int blockTokens) {
    activations.resize(blockTokens);
    hidden.shrink(blockTokens);
  }
}
