package dev.strata.udfs.engine;

import static dev.strata.udfs.tensor.Footprint.Place.DEVICE;
import static dev.strata.udfs.tensor.Footprint.Place.HEAP;
import static dev.strata.udfs.tensor.Footprint.Place.HOST;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.transformer.ExpertResults;
import java.util.Map;

/**
 * How the budgets are divided, computed before the first sweep. The run obeys it.
 *
 * @param choice what was chosen
 * @param kv where keys and values stay
 * @param states where states of recurrences stay
 * @param footprint what all of it takes
 * @param budgets what there is
 */
record MemoryPlan(
    PlanChoice choice, KvPlan kv, StatePlan states, Footprint footprint, Budgets budgets) {

  /**
   * The pool of keys and values.
   *
   * @param format how they lie in it
   * @param tokens its token slots
   * @param hostBytes what it may take of host memory apart from the device; 0 where it is on the
   *     device
   */
  record KvPlan(KvFormat format, int tokens, long hostBytes) {

    boolean onHost() {
      return hostBytes > 0;
    }
  }

  /**
   * The memory there is.
   *
   * @param onHost whether the device is the host, whose budget then holds everything
   * @param deviceBytes on a device apart; all that is used of a GPU, page tables included
   * @param hostBytes outside the heap
   */
  record Budgets(boolean onHost, long deviceBytes, long hostBytes) {}

  /**
   * Divides the budgets.
   *
   * @throws StrataException if one is too small, with the smallest that works
   */
  static MemoryPlan of(ModelSize model, EngineOptions options, DeviceTraits device) {
    return new MemoryPlanner(MemoryLayout.of(model, options, device)).plan();
  }

  long tileBytes() {
    return choice.tileBytes();
  }

  int blockTokens() {
    return choice.blockTokens();
  }

  int sweepTokens() {
    return choice.sweepTokens();
  }

  int waveRows() {
    return choice.waveRows();
  }

  int logitRows() {
    return choice.logitRows();
  }

  int readRows() {
    return choice.readRows();
  }

  /** Whether the device's memory is not the host's. */
  boolean isStaged() {
    return !budgets.onHost();
  }

  /** Whether several experts are computed at once. */
  boolean computesExpertsAtOnce() {
    return deviceParts().containsKey(ExpertResults.OWNER);
  }

  /** Bytes of the device's memory by purpose; none where the device is the host. */
  Map<String, Long> deviceParts() {
    return isStaged() ? footprint.byOwner(DEVICE) : Map.of();
  }

  /** Bytes of host memory outside the heap by purpose. */
  Map<String, Long> hostParts() {
    return isStaged() ? footprint.byOwner(HOST) : footprint.byOwner(HOST, DEVICE);
  }

  /**
   * Bytes of the device's memory, a GPU's context and page tables included; 0 where the device is
   * the host.
   */
  long deviceBytes() {
    return isStaged() ? footprint.bytes(DEVICE) : 0;
  }

  /** Those of them that a GPU's context takes, once for all engines of a process. */
  long contextBytes() {
    return deviceParts().getOrDefault(StagedLayout.CONTEXT, 0L);
  }

  /** Bytes of the heap by purpose, if all rows are as long as there is room for. */
  Map<String, Long> heapParts() {
    return footprint.byOwner(HEAP);
  }

  /** Bytes of host memory that tiles may stay in. */
  long weightsBytes() {
    return hostParts().getOrDefault(HostTiles.RESIDENTS, 0L);
  }

  /** Bytes of host memory for keys and values, which fill as rows need them. */
  long kvBytes() {
    return hostParts().getOrDefault(KvPool.OWNER, 0L);
  }

  /** Bytes of host memory outside the heap. */
  long hostBytes() {
    return isStaged() ? footprint.bytes(HOST) : footprint.bytes(HOST, DEVICE);
  }

  /** The plan as a person reads it, a line for each part. */
  String describe() {
    return PlanText.of(this);
  }
}
