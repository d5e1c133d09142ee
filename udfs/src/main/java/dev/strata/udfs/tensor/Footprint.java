package dev.strata.udfs.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory that something takes, or would take if it were made: what each owner has in each
 * place. Whoever allocates memory declares its footprint beside the allocation, and names its parts
 * there alone.
 */
public record Footprint(List<Part> parts) {

  /** Where memory is. */
  public enum Place {
    /** Where kernels use it; on a CPU that is host memory outside the heap as well. */
    DEVICE,
    /** In host memory outside the heap, pinned where the device is a GPU. */
    HOST,
    /** On the heap of the JVM. */
    HEAP
  }

  /**
   * Bytes of one owner in one place.
   *
   * @param owner what they are for, as people read it
   */
  public record Part(String owner, Place place, long bytes) {}

  public static final Footprint NONE = new Footprint(List.of());

  public Footprint {
    parts = List.copyOf(parts);
  }

  /** Bytes on the device. */
  public static Footprint device(String owner, long bytes) {
    return of(owner, Place.DEVICE, bytes);
  }

  /** Bytes in host memory outside the heap. */
  public static Footprint host(String owner, long bytes) {
    return of(owner, Place.HOST, bytes);
  }

  /** Bytes on the heap. */
  public static Footprint heap(String owner, long bytes) {
    return of(owner, Place.HEAP, bytes);
  }

  private static Footprint of(String owner, Place place, long bytes) {
    return new Footprint(List.of(new Part(owner, place, bytes)));
  }

  /** All of them together. */
  public static Footprint sum(Footprint... footprints) {
    List<Part> parts = new ArrayList<>();
    Arrays.stream(footprints).forEach(f -> parts.addAll(f.parts));
    return new Footprint(parts);
  }

  /** This and another. */
  public Footprint plus(Footprint other) {
    return sum(this, other);
  }

  /** All bytes in these places. */
  public long bytes(Place... places) {
    List<Place> asked = List.of(places);
    return parts.stream().filter(p -> asked.contains(p.place())).mapToLong(Part::bytes).sum();
  }

  /** The bytes of each owner in these places. */
  public Map<String, Long> byOwner(Place... places) {
    List<Place> asked = List.of(places);
    Map<String, Long> bytes = new LinkedHashMap<>();
    parts.stream()
        .filter(part -> asked.contains(part.place()))
        .forEach(part -> bytes.merge(part.owner(), part.bytes(), Long::sum));
    return bytes;
  }
}
