package dev.strata.udfs.engine;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * What an engine asks of its executor's memory.
 *
 * @param owner the engine's name, for messages
 * @param device whose memory it takes besides the host's, such as {@code cuda:0}; empty for none
 * @param budget what the executor may hold in all, as the engine's session is configured; of a
 *     device with its context
 * @param plan what the engine takes of so much, a device's context not included, or empty if that
 *     is less than it needs
 */
public record MemoryDemand(
    String owner,
    String device,
    MemoryShare budget,
    Function<MemoryShare, Optional<MemoryShare>> plan) {

  private static final String HOST_KEY = "spark.strata.host.memory";
  private static final String DEVICE_KEY = "spark.strata.device.memory";

  Optional<MemoryShare> within(MemoryShare room) {
    return plan.apply(room.least(budget));
  }

  /** Whether both take memory of the same device. */
  boolean sharesDevice(MemoryDemand other) {
    return !device.isEmpty() && device.equals(other.device);
  }

  /** The keys that set the budget. */
  public String budgetKeys() {
    return device.isEmpty() ? HOST_KEY : HOST_KEY + " or " + DEVICE_KEY;
  }

  /** The budget, for a message. */
  public String describeBudget() {
    return describe(budget.hostBytes() >> 20, budget.deviceBytes() >> 20);
  }

  /** The least that a plan works with, for a message: only the planner knows, so it is asked. */
  public String describeLeast() {
    return describe(
        least(mebibytes -> new MemoryShare(mebibytes << 20, budget.deviceBytes())),
        least(mebibytes -> new MemoryShare(budget.hostBytes(), mebibytes << 20)));
  }

  private String describe(long hostMebibytes, long deviceMebibytes) {
    String host = hostMebibytes + " MiB of host memory";
    return device.isEmpty() ? host : "%s and %d MiB of %s".formatted(host, deviceMebibytes, device);
  }

  private long least(LongFunction<MemoryShare> share) {
    long tooLittle = 0;
    long enough = (Math.max(budget.hostBytes(), budget.deviceBytes()) >> 20) + 1;
    while (enough - tooLittle > 1) {
      long middle = (tooLittle + enough) / 2;
      if (within(share.apply(middle)).isPresent()) {
        enough = middle;
      } else {
        tooLittle = middle;
      }
    }
    return enough;
  }
}
