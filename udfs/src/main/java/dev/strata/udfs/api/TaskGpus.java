package dev.strata.udfs.api;

import java.util.function.Function;

/** What tasks that ask a model take of their executor's GPUs. */
public final class TaskGpus {

  /** How many GPUs Spark gives an executor. */
  public static final String OF_EXECUTOR = "spark.executor.resource.gpu.amount";

  /** How much of them each task takes, of whatever stage. */
  public static final String OF_TASK = "spark.task.resource.gpu.amount";

  private TaskGpus() {}

  /**
   * Whether executors have GPUs, nobody has said what tasks take, and Spark lets stages say so:
   * local masters have no resources, and where executors come and go, those of a stage that says
   * something of its own are others than those that are there.
   *
   * @param conf the value of a Spark key, or null
   */
  public static boolean areOfStages(Function<String, String> conf) {
    String master = conf.apply("spark.master");
    return hasGpus(conf)
        && conf.apply(OF_TASK) == null
        && master != null
        && master.matches("yarn|(spark|k8s)://.*|local-cluster\\[.*")
        && !"true".equals(conf.apply("spark.dynamicAllocation.enabled"));
  }

  private static boolean hasGpus(Function<String, String> conf) {
    String gpus = conf.apply(OF_EXECUTOR);
    return gpus != null && !gpus.equals("0");
  }

  /**
   * The part of a GPU that a task takes unless the user says otherwise. Two tasks share the engine
   * of an only GPU, so that one reads while the other's last rows end; of several GPUs Spark would
   * fill the first before it gives out the second.
   *
   * @param executorGpus the GPUs of an executor
   */
  public static String share(String executorGpus) {
    return executorGpus.equals("1") ? "0.5" : "1";
  }
}
