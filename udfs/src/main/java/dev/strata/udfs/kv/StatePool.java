package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * States of all active sequences: places of a fixed size, which are the same in every layer that
 * recurs. A sequence has one, or two where continuations start from what its prompt left. The pool
 * is in the memory that kernels use, or in the host's, from where {@link StreamedStates} brings
 * them. Of a model that does not recur it has places, and no memory.
 */
public final class StatePool implements AutoCloseable {

  /** Whose its memory is, in footprints. */
  public static final String OWNER = "states of rows";

  /** As many as a sequence may have. */
  public static final int MOST_PLACES = 2;

  /** So many segments come within a sixteenth of any size, or within its last gibibyte. */
  private static final int SMALL_SEGMENTS = 4;

  private final Holdings holdings = new Holdings();
  private final StateFormat format;
  private final List<Integer> segmentPlaces;
  private final ExtentAllocator extents;
  // By layer and segment, [places · elements]; none of layers that do not recur.
  private final List<List<Supplier<Tensor>>> layers = new ArrayList<>();

  /** A pool on the device. */
  public static StatePool onDevice(ComputeDevice device, StateFormat format, int places) {
    return new StatePool(device, format, List.of(places), false);
  }

  /**
   * A pool in host memory.
   *
   * @param segmentPlaces see {@link #hostSegments}
   */
  public static StatePool onHost(
      ComputeDevice device, StateFormat format, List<Integer> segmentPlaces) {
    return new StatePool(device, format, segmentPlaces, true);
  }

  private StatePool(
      ComputeDevice device, StateFormat format, List<Integer> segmentPlaces, boolean onHost) {
    this.format = format;
    this.segmentPlaces = List.copyOf(segmentPlaces);
    this.extents =
        new ExtentAllocator(segmentPlaces.stream().mapToInt(Integer::intValue).toArray());
    int last = format.isEmpty() ? 0 : Collections.max(format.layers()) + 1;
    try {
      for (int layer = 0; layer < last; layer++) {
        layers.add(new ArrayList<>());
      }
      for (int layer : format.layers()) {
        double firstUse = layer / (double) last;
        for (int places : segmentPlaces) {
          long elements = places * format.elements();
          layers
              .get(layer)
              .add(
                  onHost
                      ? holdings.add(
                              device.hostMemory(OWNER, NumberType.FLOAT32, firstUse, elements))
                          ::tensor
                      : supplier(
                          holdings.add(device.allocate(OWNER, NumberType.FLOAT32, elements))));
        }
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private static Supplier<Tensor> supplier(Tensor tensor) {
    return () -> tensor;
  }

  /**
   * Places of the segments of a pool in host memory, each of a power of two of bytes in a layer: as
   * many of the largest as fit, then a few smaller ones, none for less than a sequence may have.
   *
   * @param bytes what the pool may take in all layers
   */
  public static List<Integer> hostSegments(StateFormat format, long bytes) {
    long place = format.layerBytes();
    long left = bytes / format.layers().size();
    List<Integer> places = new ArrayList<>();
    for (int small = 0; small < SMALL_SEGMENTS && left >= MOST_PLACES * place; ) {
      long segment = Math.min(KvPool.LARGEST_SEGMENT_BYTES, Long.highestOneBit(left));
      if (segment < KvPool.LARGEST_SEGMENT_BYTES) {
        small++;
      }
      if (segment >= MOST_PLACES * place) {
        places.add((int) (segment / place));
      }
      left -= segment;
    }
    return places;
  }

  /** The least that {@link #hostSegments} makes a segment of. */
  public static long leastHostBytes(StateFormat format) {
    return format.layers().size() * Rounding.host(MOST_PLACES * format.layerBytes(), true);
  }

  /** What a pool on the device takes. */
  public static Footprint footprint(StateFormat format, int places) {
    return format.isEmpty() ? Footprint.NONE : Footprint.device(OWNER, places * format.rowBytes());
  }

  /** What a pool in host memory with such segments takes. */
  public static Footprint hostFootprint(StateFormat format, List<Integer> segmentPlaces) {
    long ofLayer =
        segmentPlaces.stream()
            .mapToLong(places -> Rounding.host(places * format.layerBytes(), true))
            .sum();
    return format.isEmpty()
        ? Footprint.NONE
        : Footprint.host(OWNER, format.layers().size() * ofLayer);
  }

  /** Some places side by side, or empty where there are none. */
  public Optional<Extent> reserve(int places) {
    return extents.reserve(places);
  }

  /** Gives places back. */
  public void release(Extent places) {
    extents.release(places);
  }

  /** Places of the whole pool. */
  public int capacity() {
    return extents.capacity();
  }

  StateFormat format() {
    return format;
  }

  /** The segment that a place is in. */
  int segmentOf(int place) {
    int segment = 0;
    while (beginOf(segment + 1) <= place) {
      segment++;
    }
    return segment;
  }

  /** The first place of a segment. */
  int beginOf(int segment) {
    return segmentPlaces.subList(0, segment).stream().mapToInt(Integer::intValue).sum();
  }

  /** How many places a segment has. */
  int placesOf(int segment) {
    return segmentPlaces.get(segment);
  }

  /** A layer's memory in a segment, waiting until it is there. */
  Tensor segment(int layer, int segment) {
    return layers.get(layer).get(segment).get();
  }

  @Override
  public void close() {
    holdings.close();
  }
}
