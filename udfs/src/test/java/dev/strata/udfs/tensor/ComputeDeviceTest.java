package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComputeDeviceTest {

  private static ComputeDevice cpu(String computeType) {
    return ComputeDevice.open("cpu", computeType, 0);
  }

  @Test
  void openTensorsAreNamedWhenTheDeviceIsClosed() {
    ComputeDevice device = cpu("float32");
    device.allocate("hidden states", NumberType.FLOAT32, 4, 4);
    device.allocate("ring", NumberType.UINT8, 10);
    device.allocate("ring", NumberType.UINT8, 20);
    device.allocate("closed in time", NumberType.INT64, 3).close();
    assertThatThrownBy(device::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("3 tensors of 94 bytes were not closed: {hidden states=1, ring=2}");
  }

  @Test
  void openTensorsInHostMemoryAreNamedToo() {
    ComputeDevice device = cpu("float32");
    device.allocateHost("logits", NumberType.FLOAT32, 4, 4);
    device.allocateHost("closed in time", NumberType.INT64, 3).close();
    assertThatThrownBy(device::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("1 tensors of 64 bytes were not closed: {logits=1}");
  }

  @Test
  void aDeviceWhoseTensorsAreClosedCloses() {
    try (ComputeDevice device = cpu("float32")) {
      device.hostArena("ring", NumberType.BFLOAT16, List.of(1000L, 20L)).close();
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
      device.allocateHost("test", NumberType.UINT8, 999).close();
      assertThat(device.peakDeviceBytes()).isEqualTo(150);
      assertThat(device.peakHostBytes()).isEqualTo(999);
    }
  }

  @Test
  void closingATensorTwiceCountsOnce() {
    try (ComputeDevice device = cpu("float32")) {
      Tensor twice = device.allocate("test", NumberType.UINT8, 100);
      twice.close();
      twice.close();
      Tensor other = device.allocate("test", NumberType.UINT8, 70);
      assertThat(device.peakDeviceBytes()).isEqualTo(100);
      other.close();
    }
  }

  @Test
  void hostMemoryCanBeUsedAsADeviceApart() {
    try (ComputeDevice device = ComputeDevice.open("staged", "auto", 1)) {
      assertThat(device.isHost()).isFalse();
      assertThat(device.pinsMemory()).isFalse();
      assertThat(device.computeType()).isEqualTo(NumberType.FLOAT32);
    }
  }

  @Test
  void hiddenStatesAreFloat32OnACpuAndWhereverMathematicsIsInFloat16() {
    for (String type : List.of("float16", "bfloat16", "float32")) {
      try (ComputeDevice device = cpu(type)) {
        assertThat(device.residualType()).isEqualTo(NumberType.FLOAT32);
      }
    }
    assertThat(ComputeDevice.residualType(NumberType.FLOAT16, false)).isEqualTo(NumberType.FLOAT32);
    assertThat(ComputeDevice.residualType(NumberType.BFLOAT16, false))
        .isEqualTo(NumberType.BFLOAT16);
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
