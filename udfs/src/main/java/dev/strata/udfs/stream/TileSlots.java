package dev.strata.udfs.stream;

import java.nio.ByteBuffer;

/**
 * The ring of places a tile can be in: host memory that is read into and, where the device is not
 * the host, device memory that it is copied to. A slot goes through {@link #awaitReusable},
 * reading, {@link #filled} on the streaming thread and {@link #beforeUse}, kernels, {@link
 * #afterUse} on the computing thread, over and over.
 */
public interface TileSlots {

  /** How many slots, at least 2. */
  int count();

  /**
   * The host bytes of a slot; the same buffer on each call, its position and limit the caller's to
   * set.
   */
  ByteBuffer buffer(int slot);

  /** Blocks until the host bytes of a slot may be overwritten. */
  void awaitReusable(int slot);

  /** The first {@code bytes} bytes of a slot are there: their copy to the device may start. */
  void filled(int slot, long bytes);

  /** Kernels sent from now on find the slot's bytes on the device. */
  void beforeUse(int slot);

  /** No kernel sent after this uses the slot. */
  void afterUse(int slot);
}
