package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;

/**
 * What can be known of a run's input and output before there is a Spark session, which takes long
 * to start where the cluster is busy.
 */
public final class Places {

  private Places() {}

  /**
   * Looks at files, and changes nothing; tables are for the session's catalogs to know.
   *
   * @throws StrataException if the input is not there, or the output is and the mode does not allow
   *     for it, or another run holds it
   */
  public static void check(Configuration hadoop, StrataConf conf) {
    if (!conf.get(StrataKeys.INPUT_FORMAT).equals(Input.TABLE)) {
      requireInput(hadoop, conf.require(StrataKeys.INPUT));
    }
    if (!conf.get(StrataKeys.OUTPUT_FORMAT).equals(Input.TABLE)) {
      requireOutput(hadoop, conf.require(StrataKeys.OUTPUT), conf);
    }
  }

  private static void requireInput(Configuration hadoop, String location) {
    try {
      DataFiles.at(hadoop, location).roots();
    } catch (IOException e) {
      throw DataErrors.input(location, e);
    }
  }

  private static void requireOutput(Configuration hadoop, String location, StrataConf conf) {
    boolean replaces =
        !conf.get(StrataKeys.INCREMENTAL).equals("off")
            || !conf.get(StrataKeys.MODE).equals("error");
    try {
      DataFiles place = DataFiles.at(hadoop, location);
      if (!conf.get(StrataKeys.DRY_RUN)) {
        OutputPlace.requireFree(hadoop, location);
      }
      boolean mayBeCleared = Unfinished.at(place.files(), place.location()).exist();
      if (!replaces && place.exist() && !mayBeCleared) {
        throw Output.existsAlready(location);
      }
    } catch (IOException e) {
      throw DataErrors.output(location, e);
    }
  }
}
