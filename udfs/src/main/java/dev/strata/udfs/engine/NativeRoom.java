package dev.strata.udfs.engine;

import dev.strata.udfs.api.DiskSpace;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.NativeCache;
import java.util.OptionalLong;

/** Whether PyTorch's natives fit where they are extracted to. */
public final class NativeRoom {

  private NativeRoom() {}

  /**
   * To be called before they are loaded.
   *
   * @throws StrataException if there is too little room for those that are not there
   */
  public static void require() {
    NativeCache.missing().ifPresent(NativeRoom::require);
  }

  static void require(NativeCache.Missing natives) {
    OptionalLong free = DiskSpace.free(natives.directory());
    if (free.isPresent() && free.getAsLong() < natives.bytes()) {
      throw StrataException.resources(
          "PyTorch's natives need %d MiB in %s, where %d MiB are free; make room, or have"
              + " DJL_CACHE_DIR (on executors spark.executorEnv.DJL_CACHE_DIR) name a directory of"
              + " a larger disk",
          mebibytes(natives.bytes()), natives.directory(), free.getAsLong() >> 20);
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
