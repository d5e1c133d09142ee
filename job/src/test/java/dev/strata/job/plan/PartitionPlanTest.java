package dev.strata.job.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PartitionPlanTest {

  @Test
  void oneForEachExecutorOrGpu() {
    assertThat(partitions(Map.of("spark.master", "local[*]"), 0)).isEqualTo(1);
    assertThat(partitions(Map.of("spark.master", "local"), 0)).isEqualTo(1);
    assertThat(partitions(Map.of("spark.master", "local-cluster[2,1,1024]"), 0)).isEqualTo(2);
    assertThat(partitions(Map.of("spark.master", "spark://host:7077"), 3)).isEqualTo(3);
    assertThat(partitions(Map.of("spark.master", "spark://host:7077"), 0)).isEqualTo(1);
    assertThat(
            partitions(
                Map.of(
                    "spark.master", "yarn",
                    "spark.executor.instances", "4",
                    "spark.executor.resource.gpu.amount", "2"),
                1))
        .isEqualTo(8);
  }

  @Test
  void dynamicAllocationCountsItsMost() {
    Map<String, String> conf =
        Map.of(
            "spark.master", "yarn",
            "spark.executor.instances", "1",
            "spark.dynamicAllocation.enabled", "true",
            "spark.dynamicAllocation.maxExecutors", "6");
    assertThat(partitions(conf, 2)).isEqualTo(6);
  }

  @Test
  void dynamicAllocationWithoutBoundsCountsItsFirst() {
    Map<String, String> conf =
        Map.of("spark.master", "yarn", "spark.dynamicAllocation.enabled", "true");
    assertThat(partitions(conf, 2)).isEqualTo(2);
    Map<String, String> bounded = new HashMap<>(conf);
    bounded.put("spark.dynamicAllocation.minExecutors", "3");
    assertThat(partitions(bounded, 2)).isEqualTo(3);
    bounded.put("spark.dynamicAllocation.initialExecutors", "5");
    assertThat(partitions(bounded, 2)).isEqualTo(5);
  }

  @Test
  void askedFor() {
    assertThat(PartitionPlan.partitions(Optional.of(7), new Cluster(2, 0))).isEqualTo(7);
  }

  private static int partitions(Map<String, String> conf, int registered) {
    return PartitionPlan.partitions(Optional.empty(), Cluster.of(conf::get, registered));
  }
}
