package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NativeFaults;
import dev.strata.udfs.tensor.NativeFaults.Call;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that failed. To free what it holds would end the process, as {@link LostDeviceTest}. */
@Timeout(120)
class UnusableDeviceTest {

  private final NativeFaults natives = new NativeFaults();
  private final AtomicReference<ComputeDevice> device = new AtomicReference<>();

  @Test
  void whatItHoldsStays() {
    Engine engine = start();
    run(engine);
    int made = natives.calls().get("attend");
    natives.fail(
        new Call("attend", made),
        () -> new IllegalStateException("RuntimeError: CUDA error: device-side assert triggered"));
    assertThatThrownBy(() -> run(engine))
        .hasMessageContaining("the device failed (CUDA error: device-side assert triggered)");
    engine.close();
    assertThat(engine.isFailed()).isTrue();
    assertThat(held()).isPositive();
    assertThatThrownBy(device.get()::close).hasMessageContaining("were not closed");
  }

  @Test
  void ofAnyOtherNothingStays() {
    Engine engine = start();
    run(engine);
    engine.close();
    assertThat(held()).isZero();
  }

  private Engine start() {
    return Engine.start(
        TestEngines.options(TestEngines.demoModel()).build(),
        options -> {
          device.set(natives.open(options.device(), options.computeType(), options.threads()));
          return device.get();
        });
  }

  private static void run(Engine engine) {
    TestEngines.run(engine, TestEngines.requests(TestEngines.prompts(3, 4, 3, 9), 3));
  }

  private long held() {
    return device.get().held().bytes(Footprint.Place.DEVICE, Footprint.Place.HOST);
  }
}
