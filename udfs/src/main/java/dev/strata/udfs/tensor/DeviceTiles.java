package dev.strata.udfs.tensor;

import dev.strata.udfs.stream.DevicePlaces;
import java.util.ArrayList;
import java.util.List;

/**
 * A ring of places for tiles on the device. Copies have a lane of their own and are ordered by two
 * marks a place: {@code free}, when the last kernel that used it is through, and {@code ready},
 * when the copy is.
 */
public final class DeviceTiles implements DevicePlaces, AutoCloseable {

  private static final String OWNER = "tile ring";

  /** As the device's allocator aligns what it gives. */
  private static final long ALIGNMENT = 512;

  private final ComputeDevice device;
  private final HostTiles host;
  private final Lane lane;
  private final Lane compute;
  private final Holdings holdings = new Holdings();
  private final Tensor ring;
  private final long stride;
  private final List<Tensor> places = new ArrayList<>();
  private final List<Mark> free = new ArrayList<>();
  private final List<Mark> ready = new ArrayList<>();

  /**
   * @param lane where copies go
   * @param compute where kernels go
   * @param bytes of each place
   */
  public DeviceTiles(
      ComputeDevice device,
      HostTiles host,
      Lane lane,
      Lane compute,
      NumberType type,
      int count,
      long bytes) {
    this.device = device;
    this.host = host;
    this.lane = lane;
    this.compute = compute;
    this.stride = aligned(bytes) / type.bytes();
    try {
      this.ring = holdings.add(device.allocate(OWNER, type, count * stride));
      for (int i = 0; i < count; i++) {
        places.add(holdings.add(device.kernels().part(ring, i * stride, (i + 1) * stride)));
        free.add(holdings.add(device.newMark()));
        ready.add(holdings.add(device.newMark()));
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /**
   * What so many places of so many bytes take. Small ones count as a GPU's smallest piece does, so
   * that what is tried with small tiles has no more places than what they are small of.
   *
   * @param onGpu whether they are rounded up as a GPU's are
   */
  public static Footprint footprint(int count, long bytes, boolean onGpu) {
    long each = Math.max(aligned(bytes), Rounding.device(1, onGpu));
    return Footprint.device(OWNER, Rounding.device(count * each, onGpu));
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  @Override
  public int count() {
    return places.size();
  }

  @Override
  public void bindCopyingThread() {
    lane.bind();
  }

  @Override
  public void copy(int hostPlace, int offset, long bytes, int place) {
    Tensor target = places.get(place);
    int element = target.type().bytes();
    lane.await(free.get(place));
    device.discard(target);
    try {
      lane.run(
          "tile",
          () ->
              device
                  .kernels()
                  .copy(host.tensor(hostPlace), offset / element, bytes / element, target, 0));
    } finally {
      lane.record(ready.get(place));
    }
  }

  @Override
  public void awaitCopied(int place) {
    ready.get(place).awaitOnHost();
  }

  @Override
  public void beforeUse(int place) {
    compute.await(ready.get(place));
  }

  @Override
  public void afterUse(int place) {
    compute.record(free.get(place));
  }

  /** A place as kernels see it. */
  public Tensor tensor(int place) {
    return places.get(place);
  }

  /**
   * Places of the ring as many elements behind one another.
   *
   * @param ring all places
   * @param begin the element where the first begins
   * @param stride elements from one's to the next one's
   */
  public record Run(Tensor ring, long begin, long stride, int count) {}

  /** Places from one on, each {@code step} places behind the one before. */
  public Run run(int first, int step, int count) {
    return new Run(ring, first * stride, step * stride, count);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
