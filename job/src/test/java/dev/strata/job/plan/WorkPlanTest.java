package dev.strata.job.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkPlanTest {

  private static final RunIdentity NOW = new RunIdentity("m", "p", "o");

  @Test
  void whatIsKeptNeedNotRun() {
    assertThat(new WorkPlan(20, 3, true).kept()).isEqualTo(17);
    assertThat(new WorkPlan(20, 0, false).nothingToDo()).isTrue();
    assertThat(new WorkPlan(20, 1, false).nothingToDo()).isFalse();
    assertThat(new WorkPlan(20, 0, true).nothingToDo()).isFalse();
  }

  @Test
  void theSameRunGoesOn() {
    assertThatCode(() -> WorkPlan.requireSameRun("/out", List.of(NOW.toString()), NOW, List.of()))
        .doesNotThrowAnyException();
  }

  @Test
  void anotherRunIsRefused() {
    assertThatThrownBy(() -> WorkPlan.requireSameRun("/out", List.of("m-q-x"), NOW, List.of()))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the output /out was made with another prompt and other options; go back to what it"
                + " was, run all rows again with --incremental=all, or name another output");
    assertThatThrownBy(() -> WorkPlan.requireSameRun("/out", List.of("n-p-o"), NOW, List.of()))
        .hasMessageContaining("made with another model;");
  }

  @Test
  void rowsWithoutFingerprintAreRefused() {
    assertThatThrownBy(
            () -> WorkPlan.requireSameRun("/out", Collections.singletonList(null), NOW, List.of()))
        .hasMessageContaining("not written with --incremental");
  }

  @Test
  void otherOptionsAreNamed() {
    assertThatThrownBy(
            () ->
                WorkPlan.requireSameRun(
                    "/out", List.of("m-p-x"), NOW, List.of("--top-k was 5 and is 1")))
        .hasMessageStartingWith(
            "the output /out was made with other options (--top-k was 5 and is 1); go back");
  }
}
