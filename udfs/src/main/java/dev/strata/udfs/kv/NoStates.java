package dev.strata.udfs.kv;

import java.util.List;

/** Of models that do not recur. */
public final class NoStates implements StateMemory {

  private final StatePool pool;

  /**
   * @param pool of places without memory
   */
  public NoStates(StatePool pool) {
    this.pool = pool;
  }

  @Override
  public StateBatch.Cutter cutter() {
    return new StateBatch.Cutter(pool, 1);
  }

  @Override
  public void announce(List<StateBatch> batches) {}

  @Override
  public Access open(int layer, StateBatch batch) {
    throw new IllegalStateException("layer " + layer + " does not recur");
  }

  @Override
  public void abandon() {}

  @Override
  public void settle() {}

  @Override
  public void close() {}
}
