package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.util.List;

/** Slots where the host is the device: kernels use the bytes where they were read to. */
final class HostSlots implements DeviceSlots {

  private final List<Tensor> tensors;
  private final List<ByteBuffer> buffers;

  HostSlots(List<Tensor> tensors) {
    this.tensors = tensors;
    this.buffers = tensors.stream().map(Tensor::buffer).toList();
  }

  @Override
  public int count() {
    return tensors.size();
  }

  @Override
  public ByteBuffer buffer(int slot) {
    return buffers.get(slot);
  }

  @Override
  public void awaitReusable(int slot) {}

  @Override
  public void filled(int slot, long bytes) {}

  @Override
  public void beforeUse(int slot) {}

  @Override
  public void afterUse(int slot) {}

  @Override
  public Tensor tensor(int slot) {
    return tensors.get(slot);
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}
