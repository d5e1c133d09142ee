package dev.strata.job.cli;

import java.util.HashMap;
import java.util.Map;

/** The keys of a run as commands find them that work without Spark. */
final class Submitted {

  private Submitted() {}

  /** What {@code spark-submit}, or a plain JVM's options, left among the system properties. */
  static Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith("spark.")) {
        settings.put(name, System.getProperty(name));
      }
    }
    return settings;
  }
}
