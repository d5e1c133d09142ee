package dev.strata.udfs.transformer;

import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Which memory each buffer of a stage lies in, in slots that all stages share: a slot is free again
 * after the last step that reads its buffer.
 */
final class BufferSlots {

  private final Map<Buffer, Integer> slots = new HashMap<>();

  private BufferSlots() {}

  static BufferSlots of(Stage stage) {
    BufferSlots assigned = new BufferSlots();
    List<Step> steps = stage.steps();
    for (int i = 0; i < steps.size(); i++) {
      Buffer filled = steps.get(i).filled();
      if (filled != null && !assigned.slots.containsKey(filled)) {
        assigned.slots.put(filled, assigned.firstFree(steps.subList(i, steps.size())));
      }
    }
    return assigned;
  }

  private int firstFree(List<Step> rest) {
    int slot = 0;
    while (isUsed(slot, rest)) {
      slot++;
    }
    return slot;
  }

  private boolean isUsed(int slot, List<Step> rest) {
    return slots.entrySet().stream()
        .anyMatch(
            entry ->
                entry.getValue() == slot
                    && rest.stream().anyMatch(step -> uses(step, entry.getKey())));
  }

  private static boolean uses(Step step, Buffer buffer) {
    return Objects.equals(step.source(), buffer) || Objects.equals(step.filled(), buffer);
  }

  int slotOf(Buffer buffer) {
    return slots.get(buffer);
  }

  /** The slot of each buffer. */
  Map<Buffer, Integer> slots() {
    return slots;
  }
}
