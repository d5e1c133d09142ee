package dev.strata.udfs.tools.benchmark;

/**
 * What the machine can do, measured in the run. Bytes and floating-point operations per second; NaN
 * where there is nothing of the kind.
 *
 * @param direct reads of the shards past the page cache
 * @param cached reads of the shards as the page cache has them
 * @param toDevice copies from pinned memory to the device, alone
 * @param toHost copies from the device to pinned memory, alone
 * @param bothWays the two copies beside each other
 * @param besideDirect copies to the device and direct reads beside each other
 * @param besideCached copies to the device and cached reads beside each other
 * @param product large matrix products in the compute type
 * @param expertProducts products of all experts of a layer at once with the tokens of a micro-batch
 *     that a layer's experts get on average; NaN without experts
 * @param conversion bytes of bfloat16 numbers converted to float32
 */
record Rates(
    double direct,
    double cached,
    double toDevice,
    double toHost,
    Together bothWays,
    Together besideDirect,
    Together besideCached,
    double product,
    double expertProducts,
    double conversion) {

  /** Rates at the same time. */
  record Together(double disk, double toDevice, double toHost) {

    static final Together NONE = new Together(Double.NaN, Double.NaN, Double.NaN);
  }
}
