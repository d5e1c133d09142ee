package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A GPU that fails while an engine works. Nothing in the process can use the GPU after it, so that
 * this needs one of its own:
 *
 * <pre>java -Dstrata.test.device=cuda -Dstrata.test.device.fails=true … LostDeviceTest</pre>
 */
@EnabledIfSystemProperty(named = "strata.test.device.fails", matches = "true")
class LostDeviceTest {

  private static final long BEYOND = 1_000_000;

  @Test
  void theEngineFailsAndSaysSo() throws Exception {
    Engine engine = Engine.start(TestEngines.options(TestEngines.demoModel()).build());
    RowSink failing =
        new RowSink() {
          @Override
          public void generated(long key, int[] tokens, int from, int to) {
            if (to == 5) {
              fail();
            }
          }

          @Override
          public void ended(RowResult result) {}
        };
    EngineClient client = engine.open(failing);
    TestEngines.requests(TestEngines.prompts(11, 8, 3, 20), 20).forEach(client::submit);
    Throwable told = catchThrowable(client::take);
    assertThat(told).hasMessageContaining("the device failed (CUDA error: device-side assert");
    assertThat(DeviceFault.isCauseOf(told)).isTrue();
    assertThat(engine.isFailed()).isTrue();
    assertTimeoutPreemptively(Duration.ofSeconds(20), engine::close);
  }

  /** Reads behind the end of an array on the GPU, which its kernel asserts not to do. */
  private static void fail() {
    NDManager manager = NDManager.newBaseManager(Device.gpu(), "PyTorch"); // never closed
    NDArray behind = manager.create(new long[] {BEYOND});
    assertThatThrownBy(() -> manager.arange(4f).gather(behind, 0).toFloatArray())
        .hasMessageContaining("device-side assert");
  }
}
