package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * What an engine has done since it was started or since an earlier snapshot, and where it is. Of
 * two snapshots of one engine the later has the larger {@code sequence}.
 *
 * @param engine a name no other engine has; it begins with the model's
 * @param sequence counts the snapshots
 * @param sweeps sweeps finished
 * @param layer the layer the current sweep is in, 0-based; {@code layers} in the head
 * @param layers layers of the model
 * @param activeRows rows in the wave
 * @param waitingRows rows submitted and not yet in a wave
 * @param doneRows rows finished, failed ones not included
 * @param failedRows rows that ended with an error inside the engine
 * @param promptTokens prompt tokens that entered a sweep
 * @param newTokens tokens generated
 * @param tokenSlots tokens that went through layer 0
 * @param tiles tiles streamed through the device
 * @param weightBytes bytes of those tiles
 * @param readBytes bytes read from files: tiles, unless they stay in memory, and embedding rows
 * @param chosenExpertBytes bytes of experts that tokens chose, of each layer and sweep
 * @param expertBytes bytes of all experts, of each layer and sweep
 * @param keptExpertBytes bytes of experts that tokens chose and that were in host memory already
 * @param unchosenExpertBytes bytes of experts that were read before it was known that no token
 *     chose them
 * @param busyNanos time spent in sweeps
 * @param lowMargins tokens chosen greedily with less than 1e-3 between the best and the second
 *     logit
 * @param hostBytesThere host memory allocated of what was asked for ahead of its use
 * @param hostBytesAhead host memory that was asked for ahead of its use
 * @param processDeviceBytes the most of a GPU's memory that {@code nvidia-smi} counted to the
 *     process; 0 where it does not find it, or there is no GPU
 * @param cardDeviceBytes the most that the card had in use beyond what it had before, page tables
 *     of pinned memory included; 0 where there is no GPU
 * @param times where the time of sweeps went
 * @param memory what the engine holds
 */
public record EngineSnapshot(
    String engine,
    long sequence,
    long sweeps,
    int layer,
    int layers,
    int activeRows,
    int waitingRows,
    long doneRows,
    long failedRows,
    long promptTokens,
    long newTokens,
    long tokenSlots,
    long tiles,
    long weightBytes,
    long readBytes,
    long chosenExpertBytes,
    long expertBytes,
    long keptExpertBytes,
    long unchosenExpertBytes,
    long busyNanos,
    long lowMargins,
    long hostBytesThere,
    long hostBytesAhead,
    long processDeviceBytes,
    long cardDeviceBytes,
    SweepTimes times,
    EngineMemory memory)
    implements Serializable {

  /** Stands in an engine's name behind the model's. */
  public static final char BEHIND_MODEL = '@';

  /** The model's name; empty where the engine's does not begin with one. */
  public String model() {
    return engine.substring(0, Math.max(0, engine.lastIndexOf(BEHIND_MODEL)));
  }

  /** The same of an engine that is gone: what it did, and nothing that it does. */
  public EngineSnapshot ended() {
    return new EngineSnapshot(
        engine,
        sequence,
        sweeps,
        layer,
        layers,
        0,
        0,
        doneRows,
        failedRows,
        promptTokens,
        newTokens,
        tokenSlots,
        tiles,
        weightBytes,
        readBytes,
        chosenExpertBytes,
        expertBytes,
        keptExpertBytes,
        unchosenExpertBytes,
        busyNanos,
        lowMargins,
        hostBytesAhead,
        hostBytesAhead,
        processDeviceBytes,
        cardDeviceBytes,
        times,
        memory);
  }

  /** The same without what the engine had done at an earlier snapshot. */
  public EngineSnapshot since(EngineSnapshot earlier) {
    return new EngineSnapshot(
        engine,
        sequence,
        sweeps - earlier.sweeps,
        layer,
        layers,
        activeRows,
        waitingRows,
        doneRows - earlier.doneRows,
        failedRows - earlier.failedRows,
        promptTokens - earlier.promptTokens,
        newTokens - earlier.newTokens,
        tokenSlots - earlier.tokenSlots,
        tiles - earlier.tiles,
        weightBytes - earlier.weightBytes,
        readBytes - earlier.readBytes,
        chosenExpertBytes - earlier.chosenExpertBytes,
        expertBytes - earlier.expertBytes,
        keptExpertBytes - earlier.keptExpertBytes,
        unchosenExpertBytes - earlier.unchosenExpertBytes,
        busyNanos - earlier.busyNanos,
        lowMargins - earlier.lowMargins,
        hostBytesThere,
        hostBytesAhead,
        processDeviceBytes,
        cardDeviceBytes,
        times.since(earlier.times),
        memory);
  }
}
