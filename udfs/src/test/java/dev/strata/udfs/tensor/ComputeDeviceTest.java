package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ComputeDeviceTest {

  private static ComputeDevice cpu(String computeType) {
    return ComputeDevice.open("cpu", computeType, 0);
  }

  @Test
  void openTensorsAreNamedWhenTheDeviceIsClosed() {
    ComputeDevice device = cpu("float32");
    device.allocate("hidden states", NumberType.FLOAT32, 4, 4);
    device.allocateHost("ring", NumberType.UINT8, 10);
    device.allocateHost("ring", NumberType.UINT8, 20);
    device.allocate("closed in time", NumberType.INT64, 3).close();
    assertThatThrownBy(device::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("3 tensors of 94 bytes were not closed: {hidden states=1, ring=2}");
  }

  @Test
  void aDeviceWhoseTensorsAreClosedCloses() {
    try (ComputeDevice device = cpu("float32")) {
      device.slots(3, 1000, NumberType.BFLOAT16).close();
      device.indexes(new long[] {1, 2}).close();
      device.floats(new float[] {1, 2}).close();
    }
  }

  @Test
  void thePeakIsTheMostThatWasOpenAtOnce() {
    try (ComputeDevice device = cpu("float32")) {
      Tensor first = device.allocate("test", NumberType.FLOAT32, 25);
      device.allocate("test", NumberType.UINT8, 50).close();
      first.close();
      device.allocate("test", NumberType.FLOAT32, 30).close();
      assertThat(device.peakBytes()).isEqualTo(150);
    }
  }

  @Test
  void closingATensorTwiceCountsOnce() {
    try (ComputeDevice device = cpu("float32")) {
      Tensor twice = device.allocate("test", NumberType.UINT8, 100);
      twice.close();
      twice.close();
      Tensor other = device.allocate("test", NumberType.UINT8, 70);
      assertThat(device.peakBytes()).isEqualTo(100);
      other.close();
    }
  }

  @Test
  void slotsHoldTheBytesAskedFor() {
    try (ComputeDevice device = cpu("float32");
        DeviceSlots slots = device.slots(3, 1001, NumberType.FLOAT32)) {
      assertThat(slots.count()).isEqualTo(3);
      assertThat(slots.tensor(2).bytes()).isEqualTo(1004);
      assertThat(slots.buffer(2).capacity()).isEqualTo(1004);
      assertThat(slots.buffer(2).isDirect()).isTrue();
      assertThat(slots.buffer(2)).isSameAs(slots.buffer(2));
    }
  }

  @Test
  void bytesPutIntoASlotAreTheTensors() {
    try (ComputeDevice device = cpu("float32");
        DeviceSlots slots = device.slots(2, 8, NumberType.FLOAT32)) {
      slots.buffer(1).asFloatBuffer().put(new float[] {1.5f, -2});
      assertThat(device.kernels().toFloats(slots.tensor(1))).containsExactly(1.5f, -2);
    }
  }

  @Test
  void aCpuComputesInFloat32UnlessToldOtherwise() {
    try (ComputeDevice device = cpu("auto")) {
      assertThat(device.isHost()).isTrue();
      assertThat(device.computeType()).isEqualTo(NumberType.FLOAT32);
    }
    try (ComputeDevice device = cpu("bfloat16")) {
      assertThat(device.computeType()).isEqualTo(NumberType.BFLOAT16);
    }
    try (ComputeDevice device = cpu("float16")) {
      assertThat(device.computeType()).isEqualTo(NumberType.FLOAT16);
    }
  }

  @Test
  void unknownNamesAreRefused() {
    assertThatThrownBy(() -> ComputeDevice.open("tpu", "float32", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device is 'tpu'; it must be auto, cpu or cuda");
    assertThatThrownBy(() -> ComputeDevice.open("cpu", "int8", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("compute type is 'int8'; it must be auto, float32, bfloat16 or float16");
  }
}
