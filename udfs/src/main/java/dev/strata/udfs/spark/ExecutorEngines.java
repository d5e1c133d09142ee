package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.TaskGpus;
import dev.strata.udfs.engine.MemoryLedger;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.resource.ResourceInformation;

/** The engines of this JVM, as Spark's tasks get them. They end with the JVM. */
final class ExecutorEngines {

  /** How long the JVM's end waits for tiles under way, or for calls that do not come back. */
  private static final long LONGEST_END_MILLIS = TimeUnit.SECONDS.toMillis(10);

  /** What the engines do; those that are closed are a sum. */
  static final EngineTally TALLY = new EngineTally();

  private static final MemoryLedger MEMORY = new MemoryLedger();

  private static final EngineRegistry<ModelEngine> OF_THIS_JVM =
      new EngineRegistry<>(
          ModelEngine::start,
          MEMORY,
          Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "strata-idle-engines")),
          System::nanoTime);

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorEngines::end, "strata-engines-end"));
  }

  private ExecutorEngines() {}

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private static void end() {
    Thread closing = daemon(OF_THIS_JVM::close, "strata-engines-close");
    closing.start();
    try {
      closing.join(LONGEST_END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What all engines hold of the host's memory. */
  static long hostBytes() {
    return MEMORY.held("").hostBytes();
  }

  /**
   * The engine with these options on the task's device, started if there is none.
   *
   * @param hadoop what Hadoop's file systems are told
   * @throws dev.strata.udfs.api.StrataException if the model, the device or the budget cannot be
   *     used
   * @throws TaskKilledException if Spark wants the task to end before the engine is there
   */
  static EngineLease<ModelEngine> acquire(
      GenerationOptions options, Configuration hadoop, TaskContext context) {
    EngineRequest request =
        new EngineRequest(
            context.taskAttemptId(),
            onExecutor(options.engine(), context),
            options.idleTimeout(),
            options.stallTimeout(),
            options.staging(),
            hadoop);
    TaskWatch watch = new TaskWatch(context, () -> {});
    try (watch) {
      return OF_THIS_JVM.acquire(request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException();
    }
  }

  /** An executor that was given some of a machine's cores and GPUs leaves the others alone. */
  private static EngineOptions onExecutor(EngineOptions options, TaskContext context) {
    SparkConf conf = SparkEnv.get().conf();
    int cores = conf.getInt("spark.executor.cores", 0);
    int has = isDriver() ? 0 : conf.getInt(TaskGpus.OF_EXECUTOR, 0);
    ResourceInformation gpus = context.resourcesJMap().get("gpu");
    String[] addresses = gpus == null ? new String[0] : gpus.addresses();
    return options.on(
        device(options.device(), addresses, has),
        options.threads() == 0 ? cores : options.threads());
  }

  /** In a local master Spark has no GPUs to give. */
  private static boolean isDriver() {
    return SparkEnv.get().executorId().equals("driver");
  }

  /**
   * The first GPU that Spark gave the task, unless it is to use none.
   *
   * @param gpus how many its executor has
   * @throws StrataException if the executor has some, and Spark gave the task none: whichever it
   *     took could be another executor's
   */
  static String device(String device, String[] addresses, int gpus) {
    if (addresses.length == 0 && gpus > 0 && device.matches("auto|cuda")) {
      throw StrataException.resources(
          "%s is %d, but Spark gave the task no GPU; set %s=%s, or spark.strata.device=cpu",
          TaskGpus.OF_EXECUTOR, gpus, TaskGpus.OF_TASK, TaskGpus.share(String.valueOf(gpus)));
    }
    boolean given = addresses.length > 0 && addresses[0].matches("\\d+");
    return given && !device.equals("cpu") ? "cuda:" + addresses[0] : device;
  }
}
