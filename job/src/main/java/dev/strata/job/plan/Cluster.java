package dev.strata.job.plan;

import dev.strata.udfs.api.TaskGpus;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The executors of an application, as far as partitions depend on them.
 *
 * @param executors at least 1
 * @param gpus the GPUs of each, 0 for none
 */
public record Cluster(int executors, int gpus) {

  private static final String INSTANCES = "spark.executor.instances";
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,.*]");

  /** The cores of {@code local[N]} and {@code local-cluster[executors,N,memory]}. */
  private static final Pattern CORES =
      Pattern.compile(
          "local(?:\\[\\s*(\\d+|\\*)\\s*(?:,.*)?])?|local-cluster\\[[^,]*,\\s*(\\d+)\\s*,.*]");

  public Cluster {
    executors = Math.max(1, executors);
  }

  /**
   * Reads the executors from an application's configuration. Where it leaves their number open,
   * those that have registered count.
   *
   * @param conf the value of a Spark key, or null
   * @param registered executors that have registered by now, the driver not included
   */
  public static Cluster of(Function<String, String> conf, int registered) {
    return new Cluster(executors(conf, registered), number(conf, TaskGpus.OF_EXECUTOR, 0));
  }

  /**
   * Executors without GPUs work on one partition each, others on one for each GPU: Spark gives each
   * task a GPU of its own, and the task's engine runs there.
   */
  int slots() {
    return executors * Math.max(1, gpus);
  }

  /**
   * The tasks that one executor runs at the same time, which share its engine.
   *
   * @param conf the value of a Spark key, or null
   */
  public static int tasksAtOnce(Function<String, String> conf) {
    int gpus = number(conf, TaskGpus.OF_EXECUTOR, 0);
    int perTask = Math.max(1, number(conf, "spark.task.cpus", 1));
    int byCores = Math.max(1, cores(conf) / perTask);
    return gpus > 0 ? Math.min(tasksOfGpus(conf, gpus), byCores) : byCores;
  }

  private static int tasksOfGpus(Function<String, String> conf, int gpus) {
    String said = conf.apply(TaskGpus.OF_TASK);
    double share = Double.parseDouble(said == null ? TaskGpus.share(String.valueOf(gpus)) : said);
    return share < 1 ? gpus * (int) (1 / share) : (int) (gpus / share);
  }

  private static int cores(Function<String, String> conf) {
    String master = conf.apply("spark.master");
    Matcher cores = CORES.matcher(master == null ? "" : master);
    if (!cores.matches()) {
      return number(conf, "spark.executor.cores", 1);
    }
    String count = cores.group(1) != null ? cores.group(1) : cores.group(2);
    if (count == null) {
      return 1;
    }
    return count.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(count);
  }

  private static int executors(Function<String, String> conf, int registered) {
    String master = conf.apply("spark.master");
    if (master != null && master.matches("local(\\[.*])?")) {
      return 1;
    }
    Matcher localCluster = LOCAL_CLUSTER.matcher(master == null ? "" : master);
    if (localCluster.matches()) {
      return Integer.parseInt(localCluster.group(1));
    }
    return "true".equals(conf.apply("spark.dynamicAllocation.enabled"))
        ? dynamic(conf, registered)
        : number(conf, INSTANCES, registered);
  }

  /**
   * Spark asks for as many executors as there are tasks. Where nothing bounds them, the number of
   * partitions would be made of itself, so those count that Spark starts with.
   */
  private static int dynamic(Function<String, String> conf, int registered) {
    int first =
        Stream.of(
                INSTANCES,
                "spark.dynamicAllocation.initialExecutors",
                "spark.dynamicAllocation.minExecutors")
            .mapToInt(key -> number(conf, key, 0))
            .max()
            .orElse(0);
    int otherwise = first > 0 ? first : registered;
    return number(conf, "spark.dynamicAllocation.maxExecutors", otherwise);
  }

  private static int number(Function<String, String> conf, String key, int otherwise) {
    String value = conf.apply(key);
    return value == null ? otherwise : Integer.parseInt(value);
  }
}
