package dev.strata.udfs.tensor;

import static java.lang.invoke.MethodHandles.insertArguments;
import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loads vectors from memory outside the heap. Java 17 has a method that takes them from buffers,
 * later versions one that takes them from segments of memory, and none has both: whichever is there
 * is a constant of this class, so that it compiles to the same instruction.
 */
final class VectorLoads {

  private static final String SEGMENT = "java.lang.foreign.MemorySegment";

  private static final MethodHandle VIEW;
  private static final MethodHandle HALVES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandle view;
      MethodHandle halves;
      if (hasSegments()) {
        Class<?> segment = Class.forName(SEGMENT);
        view = lookup.findStatic(segment, "ofBuffer", methodType(segment, Buffer.class));
        halves = load(lookup, "fromMemorySegment", segment, long.class);
      } else {
        view = MethodHandles.identity(ByteBuffer.class);
        halves = load(lookup, "fromByteBuffer", ByteBuffer.class, int.class);
      }
      VIEW = view.asType(methodType(Object.class, ByteBuffer.class));
      HALVES = halves.asType(methodType(ShortVector.class, Object.class, int.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this version of the module of vectors is not known", e);
    }
  }

  private VectorLoads() {}

  private static boolean hasSegments() {
    for (var method : ShortVector.class.getMethods()) {
      if (method.getName().equals("fromMemorySegment")) {
        return true;
      }
    }
    return false;
  }

  private static MethodHandle load(
      MethodHandles.Lookup lookup, String name, Class<?> memory, Class<?> offset)
      throws ReflectiveOperationException {
    MethodHandle load =
        lookup.findStatic(
            ShortVector.class,
            name,
            methodType(ShortVector.class, VectorSpecies.class, memory, offset, ByteOrder.class));
    return insertArguments(
        insertArguments(load, 3, ByteOrder.nativeOrder()), 0, VectorProducts.HALVES);
  }

  /** What {@link #halves} reads from: all of a direct buffer. */
  static Object view(ByteBuffer buffer) {
    try {
      return (Object) VIEW.invokeExact(buffer);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Half as many bits of 16-bit numbers as a register has.
   *
   * @param memory from {@link #view}
   * @param at of the first byte
   */
  static ShortVector halves(Object memory, int at) {
    try {
      return (ShortVector) HALVES.invokeExact(memory, at);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(thrown);
  }
}
