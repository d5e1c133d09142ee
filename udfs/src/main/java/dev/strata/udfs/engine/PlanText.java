package dev.strata.udfs.engine;

import java.util.Locale;
import java.util.Map;

/** A memory plan as a person reads it. */
final class PlanText {

  private final StringBuilder text = new StringBuilder();

  private PlanText() {}

  static String of(MemoryPlan plan) {
    PlanText text = new PlanText();
    text.host(plan);
    if (plan.isStaged()) {
      text.device(plan);
    }
    text.heap(plan);
    return text.text.toString();
  }

  private void host(MemoryPlan plan) {
    line(
        "memory plan: %d MiB; tiles of at most %d KiB, ring of %d slots, micro-batch %d tokens,"
            + " sweep %d tokens, wave %d rows, KV pool %d tokens",
        plan.budgets().hostBytes() >> 20,
        plan.tileBytes() >> 10,
        plan.choice().slots(),
        plan.blockTokens(),
        plan.sweepTokens(),
        plan.waveRows(),
        plan.kv().tokens());
    parts(plan.hostParts());
  }

  private void device(MemoryPlan plan) {
    line(
        "device: %d MiB; ring of %d tiles, keys and values %s%s",
        plan.budgets().deviceBytes() >> 20,
        plan.choice().devicePlaces(),
        plan.kv().onHost()
            ? "in host memory, " + plan.choice().kvSlotTokens() + " tokens at a time"
            : "on the device",
        states(plan.states()));
    parts(plan.deviceParts());
  }

  private static String states(StatePlan states) {
    if (states.format().isEmpty()) {
      return "";
    }
    return states.onHost()
        ? ", states in host memory, " + states.slotRows() + " rows at a time"
        : ", states on the device";
  }

  private void heap(MemoryPlan plan) {
    line("heap, at most, beside the JVM's own use");
    parts(plan.heapParts());
  }

  private void parts(Map<String, Long> parts) {
    parts.forEach((part, bytes) -> line("  %-22s %10.1f MiB", part, bytes / 1048576.0));
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }
}
