package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.GenerationPreview;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DevicesTest {

  private static final Map<String, String> YARN = Map.of("spark.master", "yarn");
  private static final Map<String, String> YARN_WITH_GPUS =
      Map.of("spark.master", "yarn", "spark.executor.resource.gpu.amount", "2");

  @Test
  void whatIsSaidIsKnown() {
    assertThat(Devices.of("cpu", YARN_WITH_GPUS))
        .isEqualTo(new Devices(true, true, "processor (--device cpu)"));
    assertThat(Devices.of("cuda", YARN)).isEqualTo(new Devices(false, true, "GPU (--device cuda)"));
    assertThat(Devices.of("auto", YARN_WITH_GPUS))
        .isEqualTo(new Devices(false, true, "GPU (spark.executor.resource.gpu.amount is 2)"));
  }

  @Test
  void aDriverAloneLooksForItself() {
    Devices devices = Devices.of("auto", Map.of("spark.master", "local[2]"));
    assertThat(devices.known()).isTrue();
    assertThat(devices.onHost()).isEqualTo(!GenerationPreview.hasGpu());
    assertThat(devices.text()).endsWith("found on this machine)");
  }

  @Test
  void executorsMayHaveWhatTheDriverLacks() {
    for (String master : new String[] {"yarn", "spark://host:7077", "local-cluster[2,1,1024]"}) {
      Devices devices = Devices.of("auto", Map.of("spark.master", master));
      assertThat(devices.onHost()).isTrue();
      assertThat(devices.known()).isFalse();
      assertThat(devices.text())
          .isEqualTo(
              "processor (assumed: --device is auto, and executors take a GPU if they find one; set"
                  + " --device cuda to plan for GPUs)");
    }
  }

  @Test
  void aPlanThatIsRefusedNamesWhatWasAssumed() {
    EngineOptions options =
        StrataConf.of(
                Map.of(
                    "spark.strata.model",
                    System.getProperty("strata.root") + "/datasets/demo-model",
                    "spark.strata.host.memory",
                    "1m"))
            .engineOptions();
    Devices unknown = Devices.of("auto", YARN);
    assertThatCode(() -> unknown.check(options)).doesNotThrowAnyException();
    assertThatThrownBy(() -> unknown.plan(options))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "spark.strata.host.memory is 1 MiB, but .*; that is for a processor \\(assumed: .*\\)");
    assertThatThrownBy(() -> Devices.of("cpu", YARN).check(options))
        .isInstanceOf(StrataException.class)
        .hasMessageNotContaining("that is for");
  }
}
