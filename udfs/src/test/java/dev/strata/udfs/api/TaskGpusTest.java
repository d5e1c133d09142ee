package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskGpusTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"spark://host:7077", "yarn", "k8s://https://host", "local-cluster[2,1,1024]"})
  void stagesSayWhatTheyTakeOnClusters(String master) {
    assertThat(areOfStages(Map.of("spark.master", master))).isTrue();
  }

  @Test
  void elsewhereAllTasksTakeTheSame() {
    for (String master : new String[] {"local", "local[4]", "other"}) {
      assertThat(areOfStages(Map.of("spark.master", master))).as(master).isFalse();
    }
    assertThat(areOfStages(Map.of())).isFalse();
    assertThat(
            areOfStages(Map.of("spark.master", "yarn", "spark.dynamicAllocation.enabled", "true")))
        .isFalse();
    assertThat(
            areOfStages(Map.of("spark.master", "yarn", "spark.task.resource.gpu.amount", "0.25")))
        .isFalse();
    assertThat(
            areOfStages(Map.of("spark.master", "yarn", "spark.executor.resource.gpu.amount", "0")))
        .isFalse();
    assertThat(TaskGpus.areOfStages(Map.of("spark.master", "yarn")::get)).isFalse();
  }

  /** With a GPU in each executor, unless it is said otherwise. */
  private static boolean areOfStages(Map<String, String> conf) {
    Map<String, String> all = new HashMap<>(Map.of("spark.executor.resource.gpu.amount", "1"));
    all.putAll(conf);
    return TaskGpus.areOfStages(all::get);
  }

  @Test
  void twoTasksShareAnOnlyGpu() {
    assertThat(TaskGpus.share("1")).isEqualTo("0.5");
    assertThat(TaskGpus.share("4")).isEqualTo("1");
  }
}
