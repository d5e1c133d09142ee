package dev.strata.udfs.api;

/**
 * How fast a machine is at the two things that a sweep does, as a short trial found.
 *
 * @param readBytesPerSecond of the model's files, from the disk or from the page cache; 0 if
 *     reading was not tried
 * @param productSeconds seconds for each byte of weights, however few tokens meet it: conversion to
 *     the compute type and the least product; 0 if products were not tried
 * @param productSecondsPerToken seconds for each byte of weights and each token more; 0 if products
 *     were not tried
 */
public record MachineRates(
    double readBytesPerSecond, double productSeconds, double productSecondsPerToken) {

  /**
   * The time of some sweeps. Reading goes on beside the products, so the slower of the two counts.
   * Attention is left out, and what was not tried.
   *
   * @param readBytes bytes that all of them read
   * @param weightBytes bytes of a sweep
   * @param tokens tokens of all sweeps together
   * @return seconds
   */
  public double seconds(double readBytes, long weightBytes, double sweeps, double tokens) {
    double reading = readBytesPerSecond == 0 ? 0 : readBytes / readBytesPerSecond;
    double products = weightBytes * (sweeps * productSeconds + tokens * productSecondsPerToken);
    return Math.max(reading, products);
  }
}
