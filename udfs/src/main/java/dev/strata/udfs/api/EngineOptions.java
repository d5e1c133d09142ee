package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * What an executor's engine is started with. Two tasks with equal options share one engine.
 *
 * @param model the checkpoint's directory: a local path or a URI
 * @param device {@code auto}, {@code cpu}, {@code cuda}, or {@code cuda:N} for the N-th GPU, from 0
 * @param deviceMemory bytes the process may hold on the device, the CUDA context included
 * @param hostMemory bytes outside the heap for rings, hidden states, keys and values
 * @param computeType {@code auto}, {@code float32}, {@code bfloat16} or {@code float16}
 * @param tileBytes the most bytes of one tile; 0 lets the memory plan choose
 * @param waveSize the most sequences active in one sweep; 0 lets the memory plan choose
 * @param microBatchTokens the most tokens whose activations are on the device at once; 0 lets the
 *     plan choose
 * @param threads threads of the mathematics on a CPU; 0 for all cores
 */
public record EngineOptions(
    String model,
    String device,
    long deviceMemory,
    long hostMemory,
    String computeType,
    long tileBytes,
    int waveSize,
    int microBatchTokens,
    int threads)
    implements Serializable {

  /** The same options on another device, with another number of threads. */
  public EngineOptions on(String otherDevice, int otherThreads) {
    return new EngineOptions(
        model,
        otherDevice,
        deviceMemory,
        hostMemory,
        computeType,
        tileBytes,
        waveSize,
        microBatchTokens,
        otherThreads);
  }
}
