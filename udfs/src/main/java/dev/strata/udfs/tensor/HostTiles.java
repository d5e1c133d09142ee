package dev.strata.udfs.tensor;

import dev.strata.udfs.stream.HostPlaces;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Places for tiles in host memory, pinned where the device is not the host. */
public final class HostTiles implements HostPlaces, AutoCloseable {

  private final int ringPlaces;
  private final Map<Integer, Integer> residents = new HashMap<>();
  private final HostArena arena;

  /**
   * @param type what kernels see in a place, or bytes
   * @param ringBytes bytes of each place of the ring
   * @param residentBytes bytes of the places of tiles that stay, by tile
   */
  public HostTiles(
      ComputeDevice device,
      NumberType type,
      int ringPlaces,
      long ringBytes,
      Map<Integer, Long> residentBytes) {
    this.ringPlaces = ringPlaces;
    List<Integer> tiles = residentBytes.keySet().stream().sorted().toList();
    tiles.forEach(tile -> residents.put(tile, ringPlaces + residents.size()));
    this.arena =
        new HostArena(
            device,
            "tiles",
            type,
            sizes(ringPlaces, ringBytes, residentBytes),
            // A sweep comes to them one after another.
            place -> place < ringPlaces ? 0 : (place - ringPlaces) / (double) tiles.size());
  }

  private static List<Long> sizes(
      int ringPlaces, long ringBytes, Map<Integer, Long> residentBytes) {
    List<Long> sizes = new ArrayList<>(Collections.nCopies(ringPlaces, ringBytes));
    residentBytes.keySet().stream().sorted().map(residentBytes::get).forEach(sizes::add);
    return sizes;
  }

  /** Bytes that such places take. */
  public static long bytes(
      int ringPlaces, long ringBytes, Map<Integer, Long> residentBytes, boolean pinned) {
    return HostArena.bytes(sizes(ringPlaces, ringBytes, residentBytes), pinned);
  }

  @Override
  public int ringPlaces() {
    return ringPlaces;
  }

  @Override
  public int residentPlace(int tile) {
    return residents.getOrDefault(tile, NONE);
  }

  @Override
  public ByteBuffer buffer(int place) {
    return arena.buffer(place);
  }

  /** A place as kernels see it. */
  public Tensor tensor(int place) {
    return arena.tensor(place);
  }

  @Override
  public void close() {
    arena.close();
  }
}
