package dev.strata.udfs.journal;

import java.io.Serializable;
import java.util.Optional;

/**
 * A range of the buckets that rows are hashed into. There are as many whatever the number of
 * partitions is, so that a run with others finds the rows of an earlier one.
 *
 * @param from the first
 * @param to behind the last
 */
public record Buckets(int from, int to) implements Serializable {

  /** How many there are. */
  public static final int COUNT = 1 << 16;

  private static final int HEX = 16;

  /** All of them. */
  public static final Buckets ALL = new Buckets(0, COUNT);

  public Buckets {
    if (from < 0 || to < from || to > COUNT) {
      throw new IllegalArgumentException("buckets from " + from + " to " + to);
    }
  }

  /** Those of one of some partitions, which have about as many each. */
  public static Buckets of(int partition, int partitions) {
    return new Buckets(bound(partition, partitions), bound(partition + 1, partitions));
  }

  private static int bound(int partition, int partitions) {
    return (int) ((long) partition * COUNT / partitions);
  }

  /** Those between two numbers as names have them; empty where they are none. */
  static Optional<Buckets> parse(String from, String to) {
    int first = Integer.parseInt(from, HEX);
    int end = Integer.parseInt(to, HEX);
    return first <= end && end <= COUNT ? Optional.of(new Buckets(first, end)) : Optional.empty();
  }

  /** The bucket of a hash all of whose bits are as good as random. */
  public static int of(long hash) {
    return (int) Math.floorMod(hash, (long) COUNT);
  }

  public boolean contains(int bucket) {
    return from <= bucket && bucket < to;
  }

  boolean overlaps(Buckets other) {
    return from < other.to && other.from < to;
  }

  boolean contains(Buckets other) {
    return from <= other.from && other.to <= to;
  }
}
