package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.SweepFigures;

/**
 * The limit of a sweep from rates measured in the same run. With W the model's streamed bytes, D,
 * P, F the rates of disk, bus and arithmetic:
 *
 * <ul>
 *   <li>disk: bytes read in the sweep / D. What came from the storage itself goes by the rate of
 *       direct reads, what the page cache had by that of cached reads, both beside copies.
 *   <li>bus: (W + keys and values + hidden states that come to the device) / P. P is that of copies
 *       beside reads if the sweep reads, else of copies alone. While as much goes back, both ways
 *       go by their rates beside each other. The bus is full duplex: the two ways do not add up.
 *   <li>compute: 2 · parameters · tokens / F, experts' parameters for the tokens that chose them;
 *       on a CPU also the bytes that have to be converted to its type / their rate, since the same
 *       cores do that.
 * </ul>
 *
 * <p>For decoding that is max(W_disk/D, (W + KV)/P, B·C/F), for prefill max(W/D, (W + hidden)/P,
 * tokens·C/F), C being two operations for each parameter. W counts once, whatever the engine did:
 * tiles that it sends twice do not make the limit easier. Of experts, those count that a token of
 * the sweep chose.
 *
 * @param model what has to be done
 * @param rates what can be done
 * @param host whether the device is the host, so that nothing crosses a bus
 */
record LimitModel(ModelWork model, Rates rates, boolean host) {

  /** What is read is more than embedding rows, so that reads take their part of host memory. */
  private static final double LEAST_SHARE_READ = 0.1;

  /** Of one sweep. */
  Limit of(Sweep sweep) {
    return new Limit(disk(sweep), host ? 0 : bus(sweep), compute(sweep));
  }

  private double disk(Sweep sweep) {
    long storage = Math.max(0, Math.min(sweep.storageBytes(), sweep.figures().diskBytes()));
    long cached = sweep.figures().diskBytes() - storage;
    double direct = host ? rates.direct() : rates.besideDirect().disk();
    double fromCache = host ? rates.cached() : rates.besideCached().disk();
    return Math.max(seconds((double) storage, direct), seconds((double) cached, fromCache));
  }

  private double bus(Sweep sweep) {
    SweepFigures figures = sweep.figures();
    long hidden = figures.hiddenBytes() / 2;
    long weights = Math.min(model.streamedBytes(figures.expertBytes()), figures.tileBytes());
    double in = (double) weights + figures.kvToDeviceBytes() + hidden;
    double out = (double) figures.kvToHostBytes() + hidden;
    Rates.Together both = rates.bothWays();
    double together = Math.min(in / both.toDevice(), out / both.toHost());
    return together
        + Math.max(0, in - together * both.toDevice()) / toDevice(sweep)
        + Math.max(0, out - together * both.toHost()) / rates.toHost();
  }

  private double toDevice(Sweep sweep) {
    SweepFigures figures = sweep.figures();
    if (figures.diskBytes() < LEAST_SHARE_READ * figures.tileBytes()) {
      return rates.toDevice();
    }
    boolean direct = sweep.storageBytes() > figures.diskBytes() / 2;
    return (direct ? rates.besideDirect() : rates.besideCached()).toDevice();
  }

  private double compute(Sweep sweep) {
    long converted = host ? model.convertedBytes(Float.BYTES, sweep.figures().expertBytes()) : 0;
    return seconds(sweep.operations(model), rates.product())
        + seconds((double) converted, rates.conversion());
  }

  /** None for no work, whether or not there is a rate. */
  private static double seconds(double work, double rate) {
    return work == 0 || Double.isNaN(rate) ? 0 : work / rate;
  }
}
