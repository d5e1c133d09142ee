package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ExecutorMemoryTest {

  private static final long GIB = 1L << 30;

  @Test
  void theOverheadIsTheBudgetAndTheLibraries() {
    assertThat(ExecutorMemory.overheadMebibytes(4 * GIB)).isEqualTo(6144);
    assertThat(ExecutorMemory.overheadMebibytes(4 * GIB + 1)).isEqualTo(6145);
  }

  @Test
  void aSmallOverheadIsRefusedWithTheNumberToSet() {
    ExecutorMemory.requireOverhead(6144, 4 * GIB);
    assertThatThrownBy(() -> ExecutorMemory.requireOverhead(6143, 4 * GIB))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "spark.executor.memoryOverhead is 6143m, but spark.strata.host.memory of 4096m needs"
                + " 6144m with the libraries; set spark.executor.memoryOverhead=6144m or lower"
                + " spark.strata.host.memory")
        .extracting(e -> ((StrataException) e).fault())
        .isEqualTo(StrataException.Fault.RESOURCES);
  }

  @Test
  void aSmallContainerIsRefusedWithTheNumberToSet() {
    ExecutorMemory.requireLimit(7 * GIB, GIB, 4 * GIB);
    assertThatThrownBy(() -> ExecutorMemory.requireLimit(7 * GIB - 1, GIB, 4 * GIB))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "this container may take 7167m, but a heap of 1024m and spark.strata.host.memory of"
                + " 4096m need 7168m with the libraries; give it 7168m or lower"
                + " spark.strata.host.memory");
  }
}
