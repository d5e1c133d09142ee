package dev.strata.udfs.engine;

import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.StrataException;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * Whether the machine has what a plan takes of host memory. What is pinned is taken as it is
 * allocated, and weights that stay by the first sweep; keys and values only as rows need them.
 */
final class HostRoom {

  private HostRoom() {}

  /**
   * Compares a plan with what is free.
   *
   * @param pinned whether host memory is pinned
   * @param machine as it is before anything of the plan is allocated
   * @return what a person should know where it may or may not be enough; empty where it is
   * @throws StrataException if the first sweep would need more than there is
   */
  static Optional<String> check(
      String model, MemoryPlan plan, boolean pinned, MachineMemory machine) {
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    return check(model, plan.hostBytes(), certain(plan, pinned), heap, machine);
  }

  private static long certain(MemoryPlan plan, boolean pinned) {
    return pinned ? plan.hostBytes() : plan.hostBytes() - plan.kvBytes();
  }

  /**
   * @param most bytes that the plan may take
   * @param certain bytes of them that it takes in any case
   * @param heap committed bytes of the heap
   */
  static Optional<String> check(
      String model, long most, long certain, long heap, MachineMemory machine) {
    // What is held outside the heap may be an earlier engine's, which libraries keep for this one.
    long room = sum(machine.free(), Math.max(0, machine.own() - heap));
    if (certain > sum(room, machine.swap())) {
      throw StrataException.resources(
          "the engine of %s would take %d MiB of host memory, and there are %s; end what else uses"
              + " memory, or set spark.strata.host.memory to at most %dm",
          model, certain >> 20, machine.describe(), room >> 20);
    }
    return most > room
        ? Optional.of(
            ("the engine of %s may take %d MiB of host memory, and there are %s; set"
                    + " spark.strata.host.memory to at most %dm unless more becomes free")
                .formatted(model, most >> 20, machine.describe(), room >> 20))
        : Optional.empty();
  }

  private static long sum(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }
}
