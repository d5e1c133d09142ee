package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import java.util.HashMap;
import java.util.Map;

/** Configurations for tests. */
final class Confs {

  private Confs() {}

  /** Leaves of keys and their values, one after another. */
  static StrataConf of(Object... leavesAndValues) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", "m");
    for (int i = 0; i < leavesAndValues.length; i += 2) {
      settings.put("spark.strata." + leavesAndValues[i], leavesAndValues[i + 1].toString());
    }
    return StrataConf.of(settings);
  }
}
