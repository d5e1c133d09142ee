package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/**
 * What an engine would do with its memory, planned without a device.
 *
 * @param waveRows the most sequences in a sweep
 * @param logitRows the most of them whose choice needs all logits: sampling, penalties
 * @param sweepTokens the most tokens of a sweep
 * @param kvTokens tokens whose keys and values there is room for
 * @param contextTokens the most tokens of a sequence, as the model has it
 * @param tileBytes the most bytes of a tile
 * @param sweepBytes bytes of the weights that one sweep streams
 * @param stayingBytes bytes of them that stay in host memory once they are read
 * @param deviceBytes bytes on a GPU, its context included; 0 without one
 * @param hostBytes bytes outside the heap
 * @param lines the plan as a person reads it
 */
public record PlanPreview(
    int waveRows,
    int logitRows,
    int sweepTokens,
    long kvTokens,
    int contextTokens,
    long tileBytes,
    long sweepBytes,
    long stayingBytes,
    long deviceBytes,
    long hostBytes,
    List<String> lines)
    implements Serializable {

  public PlanPreview {
    lines = List.copyOf(lines);
  }

  /** Bytes of weights that so many sweeps read from files. */
  public double readBytes(long sweeps) {
    return (double) sweeps * sweepBytes - Math.max(0.0, sweeps - 1.0) * stayingBytes;
  }
}
