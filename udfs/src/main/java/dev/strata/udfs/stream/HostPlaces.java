package dev.strata.udfs.stream;

import java.nio.ByteBuffer;

/**
 * Places for tiles in host memory: first those of a ring, then one for each tile that stays once it
 * is read.
 */
public interface HostPlaces {

  /** The value of {@link #residentPlace} for tiles that pass through the ring. */
  int NONE = -1;

  /** How many places the ring has, at least 2; they are places 0 and up. */
  int ringPlaces();

  /**
   * The place that a tile stays in, or {@link #NONE}; asked on the thread that demands tiles, as
   * {@link #exchange} is called.
   */
  int residentPlace(int tile);

  /** A tile that stayed does no more; another, which did not, stays where it was. */
  void exchange(int goes, int stays);

  /** Nobody needs any more what is in a place of the ring; it may be read into again. */
  default void givenBack(int place) {}

  /** A place's memory; the same buffer on each call. */
  ByteBuffer buffer(int place);
}
