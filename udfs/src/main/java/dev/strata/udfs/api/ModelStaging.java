package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * How a node comes by a model that is on another file system.
 *
 * @param mode whether it is copied
 * @param cacheDirectory the local directory of copies, one for all executors of a node; null for
 *     {@code strata-models} in the executor's {@code java.io.tmpdir}
 * @param cacheBytes the most bytes of copies in that directory; 0 for no limit
 */
public record ModelStaging(Mode mode, String cacheDirectory, long cacheBytes)
    implements Serializable {

  /** What is done with a model that is not local. */
  public enum Mode {
    /** It is copied to the node once. */
    COPY,
    /** Its bytes are read from where they are, anew in each sweep. */
    DIRECT
  }
}
