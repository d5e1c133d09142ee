package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceRatesTest {

  private static final double SECONDS = 0.01;

  /** Closing throws if a measurement leaves a tensor open. */
  @Test
  void everythingIsMeasuredOnACpu() {
    try (DeviceRates rates = DeviceRates.open("cpu", "auto", 1)) {
      assertThat(rates.isHost()).isTrue();
      assertThat(rates.computeType()).isEqualTo(NumberType.FLOAT32);
      assertThat(rates.copyToDevice(SECONDS)).isBetween(1e7, 1e13);
      assertThat(rates.copyToHost(SECONDS)).isBetween(1e7, 1e13);
      assertThat(rates.conversion(SECONDS)).isBetween(1e7, 1e13);
      assertThat(rates.products(SECONDS, 64, 256, 256)).isBetween(1e6, 1e14);
      assertThat(rates.productSeconds(SECONDS, 1, 256, 256)).isBetween(1e-8, 1.0);
      assertThat(rates.conversionSeconds(SECONDS, 100_000)).isBetween(1e-8, 1.0);
      List<ByteBuffer> buffers = rates.readBuffers(2, 10_000);
      assertThat(buffers).hasSize(2).allMatch(buffer -> buffer.remaining() == 10_000);
    }
  }

  /** 400 calls of a kernel take longer than this anywhere, unless nobody makes them. */
  @Test
  void attentionIsNotLeftOutBecauseNobodyLooksAtIt() {
    try (DeviceRates rates = DeviceRates.open("cpu", "auto", 1)) {
      assertThat(rates.attentionSeconds(SECONDS, 3, 400, 64, 4, 2, 64)).isGreaterThan(1e-5);
    }
  }
}
