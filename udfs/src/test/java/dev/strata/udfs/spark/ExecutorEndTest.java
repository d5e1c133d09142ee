package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.journal.DeathNote;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cluster managers' own words. */
class ExecutorEndTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          134 | Command exited with code 134
          139 | Command exited with code 139
          86  | Command exited with code 86
          87  | Command exited with code 87
          52  | Command exited with code 52
          134 | Container from a bad node: container_1_0001_01_000002 on host: h1. Exit status: 134. Diagnostics: [2026-11-27] Exception from container-launch.
          139 | Container marked as failed: container_1_0001_01_000002 on host: h1. Exit status: 139. Diagnostics: x
          134 | The executor with id 3 exited with exit code 134(SIGABRT, possible container segfault).
          135 | Unknown executor exit code (135) (died from signal 7?)
          -1  | Remote RPC client disassociated. Likely due to containers exceeding thresholds, or network issues. Check driver logs for WARN messages.
          """)
  void someEndByThemselves(int code, String reason) {
    assertThat(ExecutorEnd.of(reason)).isEqualTo(new ExecutorEnd(true, code));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          137  | Command exited with code 137
          143  | Command exited with code 143
          0    | Command exited with code 0
          88   | Command exited with code 88
          137  | The executor with id 3 exited with exit code 137(SIGKILL, possible container OOM).
          143  | Container marked as failed: container_1 on host: h1. Exit status: 143. Diagnostics: Container killed on request. Exit code is 143
          -102 | Container container_1 on host: h1 was preempted. Exit status: -102.
          -1   | Container container_1_0001_01_000002 on host: h1 was preempted.
          -1   | Executor for container container_1 exited because of a YARN event (e.g., preemption) and not because of an error in the running job.
          -1   | worker lost: h1:4711
          -1   | Executor decommission: spot instance goes
          -1   | Executor heartbeat timed out after 130000 ms
          -1   | Executor killed by driver.
          -1   | The executor with ID 5 was not found in the cluster but we didn't get a reason why. Marking the executor as failed. The executor may have been deleted but the driver missed the deletion event: pod spark-exec-5 was deleted.
          """)
  void someAreTakenAway(int code, String reason) {
    assertThat(ExecutorEnd.of(reason)).isEqualTo(new ExecutorEnd(false, code));
  }

  @Test
  void codesAreTold() {
    assertThat(ExecutorEnd.told(134)).isEqualTo("exit code 134: SIGABRT");
    assertThat(ExecutorEnd.told(3)).isEqualTo("exit code 3");
    assertThat(ExecutorEnd.told(ExecutorEnd.DEVICE_FAULT))
        .isEqualTo("exit code 86: its device failed");
    assertThat(ExecutorEnd.told(DeathNote.UNKNOWN)).isEqualTo("its exit code is not known");
  }
}
