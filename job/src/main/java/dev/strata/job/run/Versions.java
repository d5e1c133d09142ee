package dev.strata.job.run;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.package$;

/** What a run runs on. */
final class Versions {

  private Versions() {}

  /** By name. */
  static Map<String, String> all() {
    Map<String, String> versions = new LinkedHashMap<>();
    String own = Versions.class.getPackage().getImplementationVersion();
    versions.put("strata", own == null ? "(unpackaged)" : own);
    versions.put("spark", package$.MODULE$.SPARK_VERSION());
    versions.put("hadoop", VersionInfo.getVersion());
    versions.put("java", System.getProperty("java.runtime.version"));
    versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    return versions;
  }

  /**
   * What is known of machines, by name.
   *
   * @param driver the driver's host
   * @param device what executors compute on, for a person
   */
  static Map<String, String> machine(String driver, String device) {
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("driver", driver);
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("device", device);
    return machine;
  }
}
