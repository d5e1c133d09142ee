package dev.strata.udfs.stream;

/**
 * The ring of places for tiles in the memory of a device that is not the host. A copy goes on by
 * itself: {@link #copy} only sends it. Kernels and copies that share a place are ordered by {@link
 * #beforeUse} and {@link #afterUse}, on the device.
 */
public interface DevicePlaces {

  /** How many places, at least 2. */
  int count();

  /** To be called once on the thread that will send copies. */
  void bindCopyingThread();

  /** Sends the copy of a tile; it starts when kernels are through with what the place held. */
  void copy(int hostPlace, int offset, long bytes, int place);

  /** Blocks until the last copy to a place has left host memory. */
  void awaitCopied(int place);

  /** Kernels sent from now on find the place's tile there. */
  void beforeUse(int place);

  /** No kernel sent after this uses the place's tile. */
  void afterUse(int place);
}
