package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.tensor.DeviceMemoryPeak;
import java.util.UUID;

/** What the engine has done. Written by the sweep thread, read by any. */
final class Counters {

  private final String engine;
  private final int layers;
  private final DeviceMemoryPeak deviceMemory;
  private final Activity activity = new Activity();
  private long snapshots;
  private long sweeps;
  private int layer;
  private int activeRows;
  private long doneRows;
  private long failedRows;
  private long promptTokens;
  private long newTokens;
  private long tokenSlots;
  private long resumedTokens;
  private long putBackRows;
  private int restingRows;
  private long tiles;
  private long weightBytes;
  private long readBytes;
  private long chosenExpertBytes;
  private long expertBytes;
  private long keptExpertBytes;
  private long unchosenExpertBytes;
  private long busyNanos;
  private long lowMargins;
  private SweepTimes times = SweepTimes.NONE;
  private long earlierReadBytes;
  private long earlierLowMargins;
  private long earlierUnchosen;

  /**
   * @param model its name
   */
  Counters(String model, int layers, DeviceMemoryPeak deviceMemory) {
    this.engine = model + EngineSnapshot.BEHIND_MODEL + UUID.randomUUID();
    this.layers = layers;
    this.deviceMemory = deviceMemory;
  }

  /** What the sweep thread is at. */
  Activity activity() {
    return activity;
  }

  /** Where the sweep thread is, for a log. */
  synchronized String describe() {
    return "after %d sweeps, in layer %d of %d with %d rows, %d tiles used in all; it %s"
        .formatted(sweeps, layer, layers, activeRows, tiles, activity);
  }

  /**
   * What {@link #sweepEnded} and {@link #readInVain} are told as a total begins at nothing again.
   */
  synchronized void beginAnew() {
    earlierReadBytes = readBytes;
    earlierLowMargins = lowMargins;
    earlierUnchosen = unchosenExpertBytes;
  }

  synchronized void sweepStarted(int rows) {
    activeRows = rows;
    layer = 0;
  }

  synchronized void layerStarted(int index) {
    layer = index;
  }

  synchronized void tileUsed(long bytes) {
    tiles++;
    weightBytes += bytes;
  }

  /**
   * Tokens chose among a layer's experts.
   *
   * @param chosen bytes of those that some token chose
   * @param all bytes of all
   */
  synchronized void expertsChosen(long chosen, long all) {
    chosenExpertBytes += chosen;
    expertBytes += all;
  }

  /** A tile of a chosen expert was in host memory. */
  synchronized void expertKept(long bytes) {
    keptExpertBytes += bytes;
  }

  /** So many bytes in all were read ahead of experts that no token chose then. */
  synchronized void readInVain(long bytes) {
    unchosenExpertBytes = earlierUnchosen + bytes;
  }

  synchronized void sweepEnded(
      SweepSchedule schedule,
      int chosen,
      long nanos,
      SweepTimes ofSweep,
      long bytesRead,
      long margins) {
    sweeps++;
    tokenSlots += schedule.tokens();
    promptTokens += schedule.promptTokens();
    resumedTokens += schedule.resumedTokens();
    newTokens += chosen;
    busyNanos += nanos;
    times = times.plus(ofSweep);
    readBytes = earlierReadBytes + bytesRead;
    lowMargins = earlierLowMargins + margins;
  }

  synchronized void rowEnded(boolean failed) {
    if (failed) {
      failedRows++;
    } else {
      doneRows++;
    }
  }

  synchronized void rowsActive(int rows, int resting, long putBack) {
    activeRows = rows;
    restingRows = resting;
    putBackRows = putBack;
  }

  /** Tokens that went through the model again because their row was put back. */
  synchronized long resumedTokens() {
    return resumedTokens;
  }

  /** How often a row was put back. */
  synchronized long putBackRows() {
    return putBackRows;
  }

  synchronized EngineSnapshot snapshot(
      int waitingRows, long hostBytesThere, long hostBytesAhead, EngineMemory memory) {
    return new EngineSnapshot(
        engine,
        ++snapshots,
        sweeps,
        layer,
        layers,
        activeRows,
        waitingRows + restingRows,
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
        hostBytesThere,
        hostBytesAhead,
        deviceMemory.processBytes().orElse(0),
        deviceMemory.cardBytes(),
        times,
        memory);
  }
}
