package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionsTest {

  @Test
  void theOverheadHoldsTheHostBudget() {
    assertThat(Sessions.resources(Map.of()))
        .isEqualTo(Map.of("spark.executor.memoryOverhead", "6144m"));
    assertThat(Sessions.resources(Map.of("spark.strata.host.memory", "126g")))
        .isEqualTo(Map.of("spark.executor.memoryOverhead", "131072m"));
  }

  @Test
  void anOverheadOfTheUserStays() {
    for (String key :
        new String[] {
          "spark.executor.memoryOverhead",
          "spark.yarn.executor.memoryOverhead",
          "spark.executor.memoryOverheadFactor"
        }) {
      assertThat(Sessions.resources(Map.of(key, "1"))).isEmpty();
    }
  }

  @Test
  void whereExecutorsHaveGpusATaskGetsOneOrHalfOfIt() {
    assertThat(Sessions.resources(Map.of("spark.executor.resource.gpu.amount", "1")))
        .containsEntry("spark.task.resource.gpu.amount", "0.5");
    assertThat(Sessions.resources(Map.of("spark.executor.resource.gpu.amount", "4")))
        .containsEntry("spark.task.resource.gpu.amount", "1");
  }

  @Test
  void whereStagesSayWhatTheyTakeTasksOfOthersTakeNone() {
    Map<String, String> yarn =
        Map.of("spark.master", "yarn", "spark.executor.resource.gpu.amount", "1");
    assertThat(Sessions.resources(yarn)).containsOnlyKeys("spark.executor.memoryOverhead");
  }

  @Test
  void thePluginIsThereBesideThoseOfTheUser() {
    String ours = "dev.strata.udfs.live.StrataPlugin";
    assertThat(Sessions.plugins(Map.of())).isEqualTo(ours);
    assertThat(Sessions.plugins(Map.of("spark.plugins", " "))).isEqualTo(ours);
    assertThat(Sessions.plugins(Map.of("spark.plugins", "a.B"))).isEqualTo("a.B," + ours);
    assertThat(Sessions.plugins(Map.of("spark.plugins", "a.B, " + ours))).isEqualTo("a.B, " + ours);
  }
}
