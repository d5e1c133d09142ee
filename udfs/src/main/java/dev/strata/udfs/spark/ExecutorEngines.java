package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.text.ModelText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * The engines of an executor's JVM: one for all tasks with equal options, so that they share waves.
 * An idle engine is kept for the next task, until a task with other options needs its memory; one
 * that failed is replaced.
 */
final class ExecutorEngines {

  private static final ExecutorEngines OF_THIS_JVM = new ExecutorEngines();

  /** A task's hold on an engine. */
  final class Lease implements AutoCloseable {

    private final Shared shared;

    private Lease(Shared shared) {
      this.shared = shared;
    }

    Engine engine() {
      return shared.engine;
    }

    ModelText text() {
      return shared.text;
    }

    @Override
    public void close() {
      release(shared);
    }
  }

  private static final class Shared {
    private final Engine engine;
    private final ModelText text;
    private int users;

    Shared(Engine engine, ModelText text) {
      this.engine = engine;
      this.text = text;
    }

    void close() {
      engine.close();
      text.close();
    }
  }

  private final Map<EngineOptions, Shared> engines = new HashMap<>();

  private ExecutorEngines() {}

  /**
   * The engine with these options on the task's device, started if there is none.
   *
   * @param hadoop what Hadoop's file systems are told
   * @throws StrataException if the model, the device or the budget cannot be used
   */
  static Lease acquire(GenerationOptions options, Configuration hadoop) {
    return OF_THIS_JVM.lease(onExecutor(options.engine()), options.staging(), hadoop);
  }

  /** Opens the model's files and its text side, and closes them again. */
  static void validate(EngineOptions options) {
    try (Checkpoint checkpoint = ModelLocation.open(options.model())) {
      loadText(checkpoint, options).close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized Lease lease(
      EngineOptions options, ModelStaging staging, Configuration hadoop) {
    Shared shared = engines.get(options);
    if (shared != null && shared.engine.isFailed()) {
      engines.remove(options); // the last of its users closes it
      shared = null;
    }
    if (shared == null) {
      closeIdle();
      shared = start(options, staging, hadoop);
      engines.put(options, shared);
    }
    shared.users++;
    return new Lease(shared);
  }

  private synchronized void release(Shared shared) {
    shared.users--;
    if (shared.users == 0 && shared.engine.isFailed()) {
      engines.values().remove(shared);
      shared.close();
    }
  }

  private void closeIdle() {
    Iterator<Shared> all = engines.values().iterator();
    while (all.hasNext()) {
      Shared shared = all.next();
      if (shared.users == 0) {
        all.remove();
        shared.close();
      }
    }
  }

  private static Shared start(EngineOptions options, ModelStaging staging, Configuration hadoop) {
    Container.require(SparkEnv.get().conf(), options.hostMemory());
    ModelFiles files = ModelFiles.onThisNode(options.model(), staging, hadoop);
    Engine engine =
        Engine.start(options, Checkpoint.open(files, options.io(), options.hostMemory()));
    try {
      return new Shared(engine, loadText(engine.checkpoint(), options));
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /** An executor that was given some of a machine's cores and GPUs leaves the others alone. */
  private static EngineOptions onExecutor(EngineOptions options) {
    int cores = SparkEnv.get().conf().getInt("spark.executor.cores", 0);
    ResourceInformation gpus = TaskContext.get().resourcesJMap().get("gpu");
    String[] addresses = gpus == null ? new String[0] : gpus.addresses();
    return options.on(
        device(options.device(), addresses), options.threads() == 0 ? cores : options.threads());
  }

  /** The first GPU that Spark gave the task, unless it is to use none. */
  static String device(String device, String[] addresses) {
    boolean given = addresses.length > 0 && addresses[0].matches("\\d+");
    return given && !device.equals("cpu") ? "cuda:" + addresses[0] : device;
  }

  /** The checkpoint's tokenizer and chat template; the caller closes it. */
  static ModelText loadText(Checkpoint checkpoint, EngineOptions options) {
    return ModelText.load(name -> find(checkpoint, name), options.model());
  }

  private static Optional<byte[]> find(Checkpoint checkpoint, String name) {
    try {
      return checkpoint.files().find(name);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.MODEL, "%s cannot be read: %s".formatted(name, e.getMessage()), e);
    }
  }
}
