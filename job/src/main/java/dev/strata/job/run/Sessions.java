package dev.strata.job.run;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** Spark sessions with what Strata needs of them. */
public final class Sessions {

  /** What is set unless the user has set it. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "spark.master", "local[*]",
          "spark.executor.heartbeatInterval", "2s", // heartbeats carry the progress
          "spark.ui.showConsoleProgress", "false", // Strata has a line of its own
          "spark.shuffle.reduceLocality.enabled", "false", // one partition for each executor
          "spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE", // executors may share cores
          "spark.executorEnv.OPT_OUT_TRACKING", "true",
          "spark.executorEnv.DJL_OFFLINE", "true");

  private Sessions() {}

  /** The application's configuration as spark-submit hands it on. */
  public static Map<String, String> submitted() {
    Map<String, String> settings = new HashMap<>();
    for (Tuple2<String, String> setting : new SparkConf().getAll()) {
      settings.put(setting._1(), setting._2());
    }
    return settings;
  }

  /**
   * Starts a session.
   *
   * @param settings the submitted ones and those of the command line, which show in the Spark UI
   */
  static SparkSession start(String name, Map<String, String> settings) {
    Map<String, String> all = new LinkedHashMap<>(DEFAULTS);
    all.putAll(settings);
    SparkSession.Builder builder = SparkSession.builder();
    if (!settings.containsKey("spark.app.name") || isClassName(settings.get("spark.app.name"))) {
      all.put("spark.app.name", name);
    }
    all.forEach(builder::config);
    return builder.getOrCreate();
  }

  /** The executors that have registered; the driver is listed among them. */
  static int executors(SparkSession session) {
    return (int) Arrays.stream(session.sparkContext().statusTracker().getExecutorInfos()).count()
        - 1;
  }

  /** Where no name is given, spark-submit takes the main class. */
  private static boolean isClassName(String name) {
    return name.startsWith("dev.strata.");
  }
}
