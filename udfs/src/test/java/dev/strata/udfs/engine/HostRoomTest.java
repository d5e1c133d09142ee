package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.StrataException;
import org.junit.jupiter.api.Test;

class HostRoomTest {

  private static final long GIB = 1L << 30;

  private static MachineMemory machine(long free, long swap, long own) {
    return new MachineMemory(64 * GIB, true, free * GIB, swap * GIB, own * GIB);
  }

  @Test
  void whatFitsIsNotTalkedOf() {
    assertThat(HostRoom.check("m", 30 * GIB, 20 * GIB, 0, machine(30, 0, 0))).isEmpty();
  }

  @Test
  void whatTheFirstSweepNeedsAndIsNotThereIsRefused() {
    assertThatThrownBy(() -> HostRoom.check("/models/m", 40 * GIB, 31 * GIB, 0, machine(30, 0, 0)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the engine of /models/m would take 31744 MiB of host memory, and there are 30720 MiB"
                + " free of 65536 MiB (the container's limit); end what else uses memory, or set"
                + " spark.strata.host.memory to at most 30720m");
  }

  /** Keys and values come with the rows, and what is swapped out is slow and there. */
  @Test
  void whatMayBecomeTooMuchIsTold() {
    assertThat(HostRoom.check("m", 31 * GIB, 20 * GIB, 0, machine(30, 0, 0)))
        .hasValueSatisfying(
            told -> assertThat(told).startsWith("the engine of m may take 31744 MiB"));
    assertThat(HostRoom.check("m", 31 * GIB, 31 * GIB, 0, machine(30, 1, 0))).isPresent();
  }

  /** Libraries keep pinned memory of an engine that is closed, and have it for the next. */
  @Test
  void whatThisProcessHoldsOutsideItsHeapIsThere() {
    assertThat(HostRoom.check("m", 32 * GIB, 32 * GIB, GIB, machine(30, 0, 3))).isEmpty();
    assertThat(HostRoom.check("m", 33 * GIB, 0, GIB, machine(30, 0, 3))).isPresent();
  }
}
