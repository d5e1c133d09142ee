package dev.strata.udfs.tensor;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A dense tensor in row-major order. Whoever makes one closes it. The type and the shape are kept
 * here because asking PyTorch through DJL for a bfloat16 tensor's type ends the JVM.
 */
public final class Tensor implements AutoCloseable {

  private final PtNDArray array;
  private final NumberType type;
  private final long[] shape;
  private final boolean onHost;
  private final MemoryAccount.Entry entry;

  /**
   * @param onHost whether it is in host memory though that is not the device's
   */
  Tensor(
      PtNDArray array, NumberType type, long[] shape, boolean onHost, MemoryAccount.Entry entry) {
    this.array = array;
    this.type = type;
    this.shape = shape.clone();
    this.onHost = onHost;
    this.entry = entry;
  }

  PtNDArray array() {
    return array;
  }

  boolean isOnHost() {
    return onHost;
  }

  public NumberType type() {
    return type;
  }

  /** The extent of a dimension, counted from 0. */
  public long size(int dimension) {
    return shape[dimension];
  }

  long[] shapeWithFirst(long first) {
    long[] other = shape.clone();
    other[0] = first;
    return other;
  }

  /** The number of elements. */
  public long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Bytes of all elements. */
  public long bytes() {
    return elements() * type.bytes();
  }

  /**
   * The tensor's own memory, in the machine's byte order: writing through it writes the tensor.
   * Only for tensors on the host, of less than 2 GiB.
   */
  public ByteBuffer buffer() {
    return JniUtils.getByteBuffer(array, true).order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    try (entry) {
      array.close();
    }
  }

  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
