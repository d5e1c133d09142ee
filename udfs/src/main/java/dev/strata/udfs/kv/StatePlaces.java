package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;

/**
 * Memory for states of some sequences in one layer, where kernels use it: all [heads, keyDim,
 * valueDim] first, then all [kernel - 1, channels].
 */
final class StatePlaces implements AutoCloseable {

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final StateFormat format;
  private final int count;
  private final Tensor whole;
  private final DeltaRules.States states;

  /**
   * @param owner whose it is, for the device's account
   * @param count of sequences
   */
  StatePlaces(ComputeDevice device, String owner, StateFormat format, int count) {
    this.device = device;
    this.format = format;
    this.count = count;
    DeltaRules.Widths w = format.widths();
    long first = count * format.stateElements();
    long all = count * format.elements();
    try {
      this.whole = holdings.add(device.allocate(owner, NumberType.FLOAT32, all));
      Tensor state =
          holdings.add(device.kernels().seen(whole, count, w.heads(), w.keyDim(), w.valueDim()));
      Tensor rest = holdings.add(device.kernels().part(whole, first, all));
      Tensor convolved =
          holdings.add(device.kernels().seen(rest, count, w.kernel() - 1, w.channels()));
      this.states = new DeltaRules.States(state, convolved);
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** All of it. */
  Tensor whole() {
    return whole;
  }

  /** As kernels see them. */
  DeltaRules.States states() {
    return states;
  }

  /** Makes a batch's states in a layer what they are before its tokens: zeros, or the pool's. */
  void load(DeltaRules rules, StatePool pool, int layer, StateBatch batch) {
    for (StateBatch.Copy zeros : batch.zeros()) {
      rules.clearRows(states.state(), zeros.slot(), zeros.count());
      rules.clearRows(states.convolved(), zeros.slot(), zeros.count());
    }
    for (StateBatch.Copy copy : batch.loads()) {
      Tensor from = pool.segment(layer, copy.segment());
      int places = pool.placesOf(copy.segment());
      copy(from, places, copy.begin(), copy.count(), whole, count, copy.slot());
    }
  }

  /** Puts a batch's states in a layer where they stay. */
  void store(StatePool pool, int layer, StateBatch batch) {
    for (StateBatch.Copy copy : batch.stores()) {
      Tensor target = pool.segment(layer, copy.segment());
      int places = pool.placesOf(copy.segment());
      copy(whole, count, copy.slot(), copy.count(), target, places, copy.begin());
    }
  }

  /**
   * Copies states of sequences side by side from one memory, which holds {@code fromCount}, to
   * another.
   *
   * @param begin the first of them in {@code from}; {@code to} in {@code target}
   */
  private void copy(
      Tensor from,
      int fromCount,
      int begin,
      int sequences,
      Tensor target,
      int targetCount,
      int to) {
    long state = format.stateElements();
    device.kernels().copyFlat(from, begin * state, sequences * state, target, to * state);
    long convolved = format.convolvedElements();
    device
        .kernels()
        .copyFlat(
            from,
            fromCount * state + begin * convolved,
            sequences * convolved,
            target,
            targetCount * state + to * convolved);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
