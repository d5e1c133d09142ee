package dev.strata.udfs.spark;

import org.apache.spark.sql.SparkSession;

/** Sessions of Spark within a test's own JVM. */
final class TestSession {

  private TestSession() {}

  /** A session that runs so many tasks at once, and needs no network but the loopback. */
  static SparkSession.Builder local(int cores) {
    return SparkSession.builder()
        .master("local[" + cores + "]")
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1");
  }
}
