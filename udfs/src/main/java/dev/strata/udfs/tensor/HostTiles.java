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

  private static final String OWNER = "tiles";
  private static final String RING = "tile ring";
  public static final String RESIDENTS = "weights that stay";

  private final ComputeDevice device;
  private final int ringPlaces;
  private final Map<Integer, Integer> residents = new HashMap<>();
  private final HostArena arena;

  /**
   * @param type what kernels see in a place, or bytes
   * @param ringBytes bytes of each place of the ring
   * @param residentBytes bytes of the places of tiles that stay, by tile
   * @param aligned whether reads want places that start with a page
   */
  public HostTiles(
      ComputeDevice device,
      NumberType type,
      int ringPlaces,
      long ringBytes,
      Map<Integer, Long> residentBytes,
      boolean aligned) {
    this.device = device;
    this.ringPlaces = ringPlaces;
    List<Integer> tiles = residentBytes.keySet().stream().sorted().toList();
    tiles.forEach(tile -> residents.put(tile, ringPlaces + residents.size()));
    this.arena =
        new HostArena(
            device,
            OWNER,
            type,
            sizes(ringPlaces, ringBytes, residentBytes),
            aligned,
            // A sweep comes to them one after another.
            place -> place < ringPlaces ? 0 : (place - ringPlaces) / (double) tiles.size());
  }

  private static List<Long> sizes(
      int ringPlaces, long ringBytes, Map<Integer, Long> residentBytes) {
    List<Long> sizes = new ArrayList<>(Collections.nCopies(ringPlaces, ringBytes));
    residentBytes.keySet().stream().sorted().map(residentBytes::get).forEach(sizes::add);
    return sizes;
  }

  /** What the ring takes. */
  public static Footprint ring(int places, long placeBytes, boolean pinned) {
    return Footprint.host(RING, HostArena.bytes(places, placeBytes, pinned, true));
  }

  /** What tiles that stay take where they may have so many bytes. */
  public static Footprint residents(long bytes) {
    return Footprint.host(RESIDENTS, bytes);
  }

  /**
   * The most bytes that the places of tiles take if all stay.
   *
   * @param sizes of all places together
   * @param largest of them
   */
  public static long mostResidentBytes(long sizes, long largest, boolean pinned) {
    return HostArena.mostBytes(sizes, largest, pinned);
  }

  /** Bytes that the places of tiles that stay take. */
  public static long residentBytes(
      Map<Integer, Long> residentBytes, boolean pinned, boolean aligned) {
    return HostArena.bytes(sizes(0, 0, residentBytes), pinned, aligned);
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
  public void exchange(int goes, int stays) {
    if (!residents.containsKey(goes) || residents.containsKey(stays)) {
      throw new IllegalArgumentException(
          "tile %d cannot stay where tile %d does".formatted(stays, goes));
    }
    residents.put(stays, residents.remove(goes));
  }

  @Override
  public ByteBuffer buffer(int place) {
    return arena.buffer(place);
  }

  @Override
  public void givenBack(int place) {
    device.discard(arena.tensor(place));
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
