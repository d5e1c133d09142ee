package dev.strata.udfs.tensor;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The account of tensors that were allocated and not yet closed. Closing it with tensors open is a
 * leak, and throws naming their owners.
 */
final class MemoryAccount implements AutoCloseable {

  private final Set<Entry> open = new LinkedHashSet<>();
  private long bytes;
  private long peakBytes;

  /** One allocation. */
  final class Entry implements AutoCloseable {
    private final String owner;
    private final long size;

    private Entry(String owner, long size) {
      this.owner = owner;
      this.size = size;
    }

    @Override
    public void close() {
      release(this);
    }
  }

  synchronized Entry allocated(String owner, long size) {
    Entry entry = new Entry(owner, size);
    open.add(entry);
    bytes += size;
    peakBytes = Math.max(peakBytes, bytes);
    return entry;
  }

  private synchronized void release(Entry entry) {
    if (open.remove(entry)) {
      bytes -= entry.size;
    }
  }

  /** What is held now. */
  synchronized Footprint held(Footprint.Place place) {
    return new Footprint(
        open.stream().map(e -> new Footprint.Part(e.owner, place, e.size)).toList());
  }

  synchronized long peakBytes() {
    return peakBytes;
  }

  @Override
  public synchronized void close() {
    if (!open.isEmpty()) {
      Map<String, Long> owners =
          open.stream()
              .collect(Collectors.groupingBy(e -> e.owner, TreeMap::new, Collectors.counting()));
      throw new IllegalStateException(
          open.size() + " tensors of " + bytes + " bytes were not closed: " + owners);
    }
  }
}
