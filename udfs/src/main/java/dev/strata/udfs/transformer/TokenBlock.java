package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.StateBatch;
import dev.strata.udfs.tensor.Holdings;
import java.util.List;

/**
 * A micro-batch: a run of the sweep's tokens whose activations are on the device at once.
 *
 * @param first its first token, in the sweep's order
 * @param tokens how many
 * @param batches its sequences, in batches whose keys and values attention sees at once
 * @param states its sequences, in batches whose states are brought at once; none where they have
 *     none
 */
public record TokenBlock(int first, int tokens, List<KvBatch> batches, List<StateBatch> states)
    implements AutoCloseable {

  /** Of sequences without states. */
  public TokenBlock(int first, int tokens, List<KvBatch> batches) {
    this(first, tokens, batches, List.of());
  }

  @Override
  public void close() {
    Holdings all = new Holdings();
    batches.forEach(all::add);
    states.forEach(all::add);
    all.close();
  }
}
