package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;

/**
 * Slots of pinned host memory, each with its place on the device. Copies go through a stream of
 * their own and are ordered by two events a slot: {@code free}, when the last kernel that used the
 * device's bytes is through, and {@code ready}, when the copy is. No thread waits but the streaming
 * one, for its own copy before it reads anew.
 */
final class CudaSlots implements DeviceSlots {

  private final TorchScript cuda;
  private final IValue copyStream;
  private final IValue computeStream;
  private final List<Tensor> pinned;
  private final List<Tensor> device;
  private final List<ByteBuffer> buffers;
  private final List<IValue> free;
  private final List<IValue> ready;
  private final boolean[] copied;

  CudaSlots(TorchScript cuda, IValue computeStream, List<Tensor> pinned, List<Tensor> device) {
    this.cuda = cuda;
    this.computeStream = computeStream;
    this.copyStream = cuda.call("new_stream");
    this.pinned = pinned;
    this.device = device;
    this.buffers = pinned.stream().map(Tensor::buffer).toList();
    this.free = Stream.generate(() -> cuda.call("new_event")).limit(pinned.size()).toList();
    this.ready = Stream.generate(() -> cuda.call("new_event")).limit(pinned.size()).toList();
    this.copied = new boolean[pinned.size()];
  }

  @Override
  public int count() {
    return pinned.size();
  }

  @Override
  public ByteBuffer buffer(int slot) {
    return buffers.get(slot);
  }

  @Override
  public void awaitReusable(int slot) {
    if (copied[slot]) {
      cuda.run("await_event", ready.get(slot));
    }
  }

  @Override
  public void filled(int slot, long bytes) {
    Tensor target = device.get(slot);
    cuda.run("use_stream", copyStream);
    cuda.run(
        "upload",
        target,
        pinned.get(slot),
        bytes / target.type().bytes(),
        copyStream,
        free.get(slot),
        ready.get(slot));
    copied[slot] = true;
  }

  @Override
  public void beforeUse(int slot) {
    cuda.run("wait_event", computeStream, ready.get(slot));
  }

  @Override
  public void afterUse(int slot) {
    cuda.run("record_event", computeStream, free.get(slot));
  }

  @Override
  public Tensor tensor(int slot) {
    return device.get(slot);
  }

  @Override
  public void close() {
    ready.forEach(IValue::close);
    free.forEach(IValue::close);
    copyStream.close();
    device.forEach(Tensor::close);
    pinned.forEach(Tensor::close);
  }
}
