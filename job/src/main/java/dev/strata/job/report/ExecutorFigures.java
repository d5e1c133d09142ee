package dev.strata.job.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import java.util.OptionalDouble;

/**
 * What an executor's engine did, as a report has it.
 *
 * @param engine its name
 * @param executor where it was; empty where that is not known
 * @param promptTokens that entered a sweep
 * @param newTokens that it chose
 * @param sweepSeconds its time in sweeps
 * @param diskSeconds of it, in which it waited for weights to be read
 * @param copySeconds of it, in which it waited for copies to or from a device
 * @param computeSeconds all other time in sweeps
 * @param limitSeconds what the sweeps would have taken if nothing had waited for anything else
 * @param hostBytes the most memory outside the heap that it held
 * @param hostBudget what it was given of that
 * @param deviceBytes the most memory of a device that it held; 0 without one
 * @param deviceBudget what it was given of that
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ExecutorFigures(
    String engine,
    String executor,
    long sweeps,
    long promptTokens,
    long newTokens,
    long bytesRead,
    double sweepSeconds,
    double diskSeconds,
    double copySeconds,
    double computeSeconds,
    double limitSeconds,
    long hostBytes,
    long hostBudget,
    long deviceBytes,
    long deviceBudget) {

  static ExecutorFigures of(EngineSnapshot engine, String executor) {
    SweepTimes times = engine.times();
    EngineMemory memory = engine.memory();
    return new ExecutorFigures(
        engine.engine(),
        executor,
        engine.sweeps(),
        engine.promptTokens(),
        engine.newTokens(),
        engine.readBytes(),
        seconds(engine.busyNanos()),
        seconds(times.diskNanos()),
        seconds(times.copyNanos()),
        seconds(times.computeNanos()),
        seconds(times.limitNanos()),
        memory.hostBytes(),
        memory.hostBudget(),
        memory.deviceBytes(),
        memory.deviceBudget());
  }

  private static double seconds(long nanos) {
    return Math.round(nanos / 1e6) / 1e3;
  }

  /**
   * How much of the speed was reached that the slowest of disk, copies and computing allows for;
   * empty where that is not known.
   */
  OptionalDouble partOfLimit() {
    return limitSeconds > 0 && sweepSeconds > 0
        ? OptionalDouble.of(Math.min(1, limitSeconds / sweepSeconds))
        : OptionalDouble.empty();
  }

  /** As people call it. */
  String name() {
    return executor.isEmpty() ? "engine " + engine : executor;
  }
}
