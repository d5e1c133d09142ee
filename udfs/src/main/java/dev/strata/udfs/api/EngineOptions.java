package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * What an executor's engine is started with. Two tasks share one engine where the options' {@link
 * #identity} is equal.
 *
 * @param model the checkpoint's directory: a local path or a URI
 * @param device {@code auto}, {@code cpu}, {@code cuda}, or {@code cuda:N} for the N-th GPU, from 0
 * @param deviceMemory bytes that all engines of the process may hold on the device, the CUDA
 *     context included
 * @param hostMemory bytes outside the heap that all engines of the process may hold, for rings,
 *     hidden states, keys and values
 * @param computeType {@code auto}, {@code float32}, {@code bfloat16} or {@code float16}
 * @param tileBytes the most bytes of one tile; 0 lets the memory plan choose
 * @param waveSize the most sequences active in one sweep; 0 lets the memory plan choose
 * @param microBatchTokens the most tokens whose activations are on the device at once; 0 lets the
 *     plan choose
 * @param threads threads of the mathematics on a CPU; 0 for all cores
 * @param weightsMemory bytes of host memory that weights may stay in once they are read; negative
 *     for what all else leaves
 * @param rowTokens tokens that a row is expected to have, prompt and completion together; 0 where
 *     that is unknown
 * @param readsPrompts whether rows are expected to have something read of their prompts and nothing
 *     generated
 * @param kvType {@code auto} for the compute type, or {@code int8} for keys and values that wait in
 *     host memory
 * @param io how tiles are read: {@code cached}, {@code direct} or {@code auto}
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
    int threads,
    long weightsMemory,
    int rowTokens,
    boolean readsPrompts,
    String kvType,
    String io)
    implements Serializable {

  /** The same options on another device, with another number of threads. */
  public EngineOptions on(String otherDevice, int otherThreads) {
    return with(otherDevice, deviceMemory, hostMemory, otherThreads, expectedRows());
  }

  /** The same options for an engine that has so much of the memory. */
  public EngineOptions withMemory(long otherDeviceMemory, long otherHostMemory) {
    return with(device, otherDeviceMemory, otherHostMemory, threads, expectedRows());
  }

  /** What is expected of rows. */
  public ExpectedRows expectedRows() {
    return new ExpectedRows(rowTokens, readsPrompts);
  }

  /** The same options where other rows are expected. */
  public EngineOptions expecting(ExpectedRows rows) {
    return with(device, deviceMemory, hostMemory, threads, rows);
  }

  /**
   * What makes an engine: all but what one query expects of its rows, for which an engine plans
   * anew. Tasks share an engine where this is equal.
   */
  public EngineOptions identity() {
    return expecting(ExpectedRows.ANY);
  }

  /** The checkpoint's name: the last part of where it is. */
  public String modelName() {
    String path = model.replaceAll("/+$", "");
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private EngineOptions with(
      String otherDevice,
      long otherDeviceMemory,
      long otherHostMemory,
      int otherThreads,
      ExpectedRows rows) {
    return new EngineOptions(
        model,
        otherDevice,
        otherDeviceMemory,
        otherHostMemory,
        computeType,
        tileBytes,
        waveSize,
        microBatchTokens,
        otherThreads,
        weightsMemory,
        rows.tokens(),
        rows.areRead(),
        kvType,
        io);
  }
}
