package dev.strata.udfs.tools;

import dev.strata.udfs.api.ExecutorMemory;
import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.StrataException.Fault;

/** Memory against what a run on this machine would take. */
final class Memory {

  private Memory() {}

  static Finding check(long hostMemory) {
    return check(MachineMemory.now(), Runtime.getRuntime().maxMemory(), hostMemory);
  }

  /**
   * Compares needs with what there is, and with what of it is free.
   *
   * @param heap the most bytes of Java's heap
   * @param hostMemory bytes outside the heap
   */
  static Finding check(MachineMemory machine, long heap, long hostMemory) {
    long need = heap + hostMemory + ExecutorMemory.ALLOWANCE_BYTES;
    String text =
        "%s%s, %s of them free, for a heap of %s, --host-memory of %s and %s for libraries"
            .formatted(
                Sizes.text(machine.limit()),
                machine.isContainer() ? " (the container's limit)" : "",
                Sizes.text(machine.free()),
                Sizes.text(heap),
                Sizes.text(hostMemory),
                Sizes.text(ExecutorMemory.ALLOWANCE_BYTES));
    if (need > machine.limit()) {
      return Finding.failed("memory", Fault.RESOURCES, text + lower(need - machine.limit()));
    }
    return need > machine.free()
        ? Finding.warning(
            "memory",
            text + lower(need - machine.free()) + ", or end what else uses the machine's memory")
        : Finding.ok("memory", text);
  }

  private static String lower(long bytes) {
    return "; lower --host-memory by " + Sizes.text(bytes);
  }
}
