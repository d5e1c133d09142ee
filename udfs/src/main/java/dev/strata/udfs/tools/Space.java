package dev.strata.udfs.tools;

import dev.strata.udfs.api.DiskSpace;
import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.engine.NativeRoom;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.tensor.NativeCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Room on the disks that an executor writes to: natives, what Spark spills, a model's copy. */
final class Space {

  private static final String SUBJECT = "space";

  private Space() {}

  /**
   * Compares what is free with what is going to be written.
   *
   * @param scratch Spark's local directory
   * @param model its location, or null
   */
  static Finding check(Path scratch, String model, ModelStaging staging) {
    String text =
        "%s free for natives in %s, %s for Spark in %s"
            .formatted(free(natives()), natives(), free(scratch), scratch);
    try {
      NativeRoom.require();
    } catch (StrataException e) {
      return Finding.failed(SUBJECT, e);
    }
    return model != null && ModelFiles.isCopied(model, staging)
        ? copy(text, model, ModelFiles.copies(staging))
        : Finding.ok(SUBJECT, text);
  }

  private static Path natives() {
    return NativeCache.directory();
  }

  private static Finding copy(String others, String model, Path copies) {
    String text = others + ", %s for the model's copy in %s".formatted(free(copies), copies);
    long needed = weightBytes(model);
    return DiskSpace.has(copies, needed)
        ? Finding.ok(SUBJECT, text)
        : Finding.failed(
            SUBJECT,
            Fault.RESOURCES,
            text
                + ", which takes %s; make room, set spark.strata.model.cacheDir to a larger disk,"
                    .formatted(Sizes.text(needed))
                + " or spark.strata.model.staging=direct");
  }

  /** 0 where the model cannot be opened, of which another check tells. */
  private static long weightBytes(String model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return checkpoint.weightBytes();
    } catch (StrataException | IOException e) {
      return 0;
    }
  }

  private static String free(Path directory) {
    OptionalLong free = DiskSpace.free(directory);
    return free.isPresent() ? Sizes.text(free.getAsLong()) : "nobody knows how much is";
  }
}
