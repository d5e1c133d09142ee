package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ContainerTest {

  private static SparkConf conf(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    return conf;
  }

  @Test
  void theOverheadIsWhatSparkMakesIt() {
    assertThat(Container.overheadMebibytes(conf())).isEqualTo(384);
    assertThat(Container.overheadMebibytes(conf("spark.executor.memory", "20g"))).isEqualTo(2048);
    assertThat(
            Container.overheadMebibytes(
                conf("spark.executor.memory", "2g", "spark.executor.memoryOverheadFactor", "0.5")))
        .isEqualTo(1024);
    assertThat(Container.overheadMebibytes(conf("spark.executor.memoryOverhead", "3g")))
        .isEqualTo(3072);
  }

  @Test
  void whereSparkHasContainersTheOverheadCounts() {
    for (String master : new String[] {"yarn", "k8s://https://host:443"}) {
      assertThatThrownBy(() -> Container.require(conf("spark.master", master), 64 << 20))
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("spark.executor.memoryOverhead is 384m, but");
    }
    for (String master : new String[] {"local[*]", "local", "spark://host:7077"}) {
      assertThatCode(() -> Container.require(conf("spark.master", master), 1))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aTaskUsesTheGpuThatItWasGiven() {
    String[] given = {"3", "5"};
    assertThat(ExecutorEngines.device("cuda", given, 1)).isEqualTo("cuda:3");
    assertThat(ExecutorEngines.device("auto", given, 1)).isEqualTo("cuda:3");
    assertThat(ExecutorEngines.device("cpu", given, 1)).isEqualTo("cpu");
    String[] none = {};
    assertThat(ExecutorEngines.device("cuda", none, 0)).isEqualTo("cuda");
    assertThat(ExecutorEngines.device("cpu", none, 2)).isEqualTo("cpu");
    assertThat(ExecutorEngines.device("cuda:1", none, 2)).isEqualTo("cuda:1");
    assertThatThrownBy(() -> ExecutorEngines.device("auto", none, 2))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "spark.executor.resource.gpu.amount is 2, but Spark gave the task no GPU; set"
                + " spark.task.resource.gpu.amount=1, or spark.strata.device=cpu");
  }
}
