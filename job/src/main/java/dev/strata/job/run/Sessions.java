package dev.strata.job.run;

import dev.strata.job.dataset.Messages;
import dev.strata.job.report.Redaction;
import dev.strata.udfs.api.ExecutorMemory;
import dev.strata.udfs.api.NativeEnvironment;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.api.TaskGpus;
import dev.strata.udfs.live.StrataPlugin;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** Spark sessions with what Strata needs of them. */
public final class Sessions {

  private static final String MASTER = "spark.master";

  /** Spark's key for plugins, of which there may be several. */
  private static final String PLUGINS = "spark.plugins";

  /** What is set unless the user has set it. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          MASTER,
          "local[*]",
          "spark.executor.heartbeatInterval",
          "2s", // heartbeats carry the progress
          "spark.ui.showConsoleProgress",
          "false", // Strata has a line of its own
          Redaction.SPARK_KEY,
          Redaction.SPARK_EXPRESSION,
          "spark.shuffle.reduceLocality.enabled",
          "false"); // one partition for each executor

  /** The overhead, also by its old name, and the part of the heap that it may be given as. */
  private static final Pattern OVERHEAD =
      Pattern.compile("spark\\.(yarn\\.)?executor\\.memoryOverhead(Factor)?");

  private Sessions() {}

  /** The application's configuration as spark-submit hands it on. */
  public static Map<String, String> submitted() {
    Map<String, String> settings = new HashMap<>();
    for (Tuple2<String, String> setting : new SparkConf().getAll()) {
      settings.put(setting._1(), setting._2());
    }
    return settings;
  }

  /** Hadoop's configuration as a session will have it. */
  static Configuration hadoop(Map<String, String> settings) {
    SparkConf conf = new SparkConf(false);
    settings.forEach(conf::set);
    return SparkHadoopUtil.get().newConfiguration(conf);
  }

  /** Where a session will run. */
  public static String master(Map<String, String> settings) {
    return settings.getOrDefault(MASTER, DEFAULTS.get(MASTER));
  }

  /**
   * Starts a session.
   *
   * @param settings the submitted ones and those of the command line, which show in the Spark UI
   * @throws StrataException if Spark does not start, such as where its master is not there
   */
  public static SparkSession start(String name, Map<String, String> settings) {
    Map<String, String> all = new LinkedHashMap<>(DEFAULTS);
    NativeEnvironment.defaults()
        .forEach((variable, value) -> all.put("spark.executorEnv." + variable, value));
    all.putAll(resources(settings));
    all.putAll(LocalCluster.settings(master(settings)));
    all.putAll(settings);
    all.put(PLUGINS, plugins(settings));
    SparkSession.Builder builder = SparkSession.builder();
    if (!settings.containsKey("spark.app.name") || isClassName(settings.get("spark.app.name"))) {
      all.put("spark.app.name", name);
    }
    all.forEach(builder::config);
    try {
      return builder.getOrCreate();
    } catch (Exception e) { // whatever cluster managers, networks and settings come up with
      throw new StrataException(
          Fault.RESOURCES,
          "Spark does not start on master %s: %s; check the address and Spark's settings"
              .formatted(all.get(MASTER), Messages.firstLine(e)),
          e);
    }
  }

  /** The user's, and the one that shows what runs do. */
  static String plugins(Map<String, String> settings) {
    String ours = StrataPlugin.class.getName();
    String given = settings.getOrDefault(PLUGINS, "");
    boolean isThere = Stream.of(given.split(",")).map(String::strip).anyMatch(ours::equals);
    if (isThere) {
      return given;
    }
    return given.isBlank() ? ours : given + "," + ours;
  }

  /** What executors and tasks need, unless the user has set it. */
  static Map<String, String> resources(Map<String, String> settings) {
    Map<String, String> resources = new HashMap<>();
    if (settings.keySet().stream().noneMatch(OVERHEAD.asMatchPredicate())) {
      long host = StrataConf.of(settings).get(StrataKeys.HOST_MEMORY);
      resources.put(ExecutorMemory.OVERHEAD_KEY, ExecutorMemory.overheadMebibytes(host) + "m");
    }
    String gpus = settings.get(TaskGpus.OF_EXECUTOR);
    if (gpus != null
        && !TaskGpus.areOfStages(
            key -> key.equals(MASTER) ? master(settings) : settings.get(key))) {
      resources.put(TaskGpus.OF_TASK, TaskGpus.share(gpus)); // else Spark gives tasks none
    }
    return resources;
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
