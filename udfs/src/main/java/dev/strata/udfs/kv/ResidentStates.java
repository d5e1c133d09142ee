package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Footprint;
import java.util.List;

/** States of a pool on the device, which are laid side by side for kernels. */
public final class ResidentStates implements StateMemory {

  private static final String OWNER = "states side by side";

  private final DeltaRules rules;
  private final StatePool pool;
  private final StatePlaces slot;

  /**
   * @param pool on the device; stays the caller's to close
   * @param slotRows the most sequences of a batch
   */
  public ResidentStates(ComputeDevice device, DeltaRules rules, StatePool pool, int slotRows) {
    this.rules = rules;
    this.pool = pool;
    this.slot = new StatePlaces(device, OWNER, pool.format(), slotRows);
  }

  /** What it takes besides the pool. */
  public static Footprint footprint(StateFormat format, int slotRows) {
    return Footprint.device(OWNER, slotRows * format.layerBytes());
  }

  @Override
  public StateBatch.Cutter cutter() {
    return new StateBatch.Cutter(pool, slot.count());
  }

  @Override
  public void announce(List<StateBatch> batches) {}

  @Override
  public Access open(int layer, StateBatch batch) {
    slot.load(rules, pool, layer, batch);
    return new Access() {
      @Override
      public DeltaRules.States states() {
        return slot.states();
      }

      @Override
      public void close() {
        slot.store(pool, layer, batch);
      }
    };
  }

  @Override
  public void abandon() {}

  @Override
  public void settle() {}

  @Override
  public void close() {
    slot.close();
  }
}
