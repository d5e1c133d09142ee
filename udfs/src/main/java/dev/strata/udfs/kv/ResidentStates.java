package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;

/** States of a pool on the device, which are laid side by side for kernels. */
public final class ResidentStates implements StateMemory {

  private static final String OWNER = "states side by side";

  private final ComputeDevice device;
  private final DeltaRules rules;
  private final StatePool pool;
  private final StateFormat format;
  private final StatePlaces slot;

  /**
   * @param pool on the device; stays the caller's to close
   * @param slotRows the most sequences of a batch
   */
  public ResidentStates(ComputeDevice device, DeltaRules rules, StatePool pool, int slotRows) {
    this.device = device;
    this.rules = rules;
    this.pool = pool;
    this.format = pool.format();
    this.slot = new StatePlaces(device, OWNER, format, slotRows);
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
    for (StateBatch.Copy zeros : batch.zeros()) {
      clear(rules, slot, zeros);
    }
    for (StateBatch.Copy load : batch.loads()) {
      Tensor from = pool.segment(layer, load.segment());
      int places = pool.placesOf(load.segment());
      StatePlaces.copy(
          device,
          format,
          from,
          places,
          load.begin(),
          load.count(),
          slot.whole(),
          slot.count(),
          load.slot());
    }
    return new Access() {
      @Override
      public DeltaRules.States states() {
        return slot.states();
      }

      @Override
      public void close() {
        store(layer, batch);
      }
    };
  }

  static void clear(DeltaRules rules, StatePlaces slot, StateBatch.Copy zeros) {
    rules.clearRows(slot.states().state(), zeros.slot(), zeros.count());
    rules.clearRows(slot.states().convolved(), zeros.slot(), zeros.count());
  }

  private void store(int layer, StateBatch batch) {
    for (StateBatch.Copy store : batch.stores()) {
      Tensor to = pool.segment(layer, store.segment());
      int places = pool.placesOf(store.segment());
      StatePlaces.copy(
          device,
          format,
          slot.whole(),
          slot.count(),
          store.slot(),
          store.count(),
          to,
          places,
          store.begin());
    }
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
