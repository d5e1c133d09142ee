package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A piece of host memory that is there, or is going to be: see {@link HostAllocator}. Whoever asked
 * for it closes it.
 */
public final class HostMemory implements AutoCloseable {

  /** What was allocated. */
  private record Allocated(Tensor tensor, ByteBuffer buffer) {}

  private final String owner;
  private final NumberType type;
  private final long[] shape;
  private final double firstUse;
  private final CompletableFuture<Allocated> allocated = new CompletableFuture<>();

  HostMemory(String owner, NumberType type, double firstUse, long... shape) {
    this.owner = owner;
    this.type = type;
    this.firstUse = firstUse;
    this.shape = shape.clone();
  }

  /** When a sweep needs it first: 0 for its start, 1 for its end. */
  double firstUse() {
    return firstUse;
  }

  long bytes() {
    return ComputeDevice.bytes(type, shape);
  }

  /**
   * Allocates it, on the calling thread; whoever waits for it is told if that fails, and the caller
   * too.
   */
  void allocate(ComputeDevice device) {
    try {
      Tensor tensor = device.allocateHost(owner, type, shape);
      if (!allocated.complete(seen(tensor))) {
        tensor.close(); // closed meanwhile
      }
    } catch (Throwable e) {
      fail(e);
      throw e;
    }
  }

  private static Allocated seen(Tensor tensor) {
    try {
      return new Allocated(tensor, tensor.buffer());
    } catch (Throwable e) {
      Holdings.closeAfter(e, tensor);
      throw e;
    }
  }

  /** Tells whoever waits for it that it is not going to be there. */
  void fail(Throwable cause) {
    allocated.completeExceptionally(cause);
  }

  /**
   * The memory as kernels see it, waiting until it is there.
   *
   * @throws HostMemoryException if it could not be allocated
   */
  public Tensor tensor() {
    return await().tensor();
  }

  /** Its bytes, waiting until it is there; the same buffer on each call. */
  public ByteBuffer buffer() {
    return await().buffer();
  }

  private Allocated await() {
    try {
      return allocated.join();
    } catch (CompletionException e) {
      throw new HostMemoryException(owner, bytes(), e.getCause());
    }
  }

  @Override
  public void close() {
    fail(new IllegalStateException("closed"));
    if (!allocated.isCompletedExceptionally()) {
      await().tensor().close();
    }
  }
}
