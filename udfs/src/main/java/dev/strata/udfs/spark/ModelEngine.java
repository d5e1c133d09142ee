package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.ExpectedRows;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.MemoryBroker;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.text.ModelText;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine and its model's text side, which outlives it where tasks still need it. */
final class ModelEngine implements SharedEngine {

  private static final Logger LOG = LoggerFactory.getLogger(ModelEngine.class);

  /** Runs whose beginning is remembered; of one before them, what its other tasks did is lost. */
  private static final int RUNS = 256;

  private final Engine engine;
  private final ModelText text;
  private final Map<Long, EngineSnapshot> begun = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Long, EngineSnapshot> told = new LinkedHashMap<>(16, 0.75f, true);

  private ModelEngine(Engine engine, ModelText text) {
    this.engine = engine;
    this.text = text;
    ExecutorEngines.TALLY.opened(engine);
  }

  /**
   * Starts an engine, which may copy its model to this node first. An interrupt ends the copy.
   *
   * @throws dev.strata.udfs.api.StrataException if the model, the device or the budget cannot be
   *     used
   */
  static ModelEngine start(EngineRequest request, MemoryBroker memory) throws InterruptedException {
    EngineOptions options = request.options();
    Container.require(SparkEnv.get().conf(), options.hostMemory());
    Scratch.warning().ifPresent(LOG::warn);
    Activity activity = request.activity();
    activity.begins(StartStep.COPY);
    ModelFiles files =
        ModelFiles.onThisNode(options.model(), request.staging(), request.hadoop(), activity);
    activity.begins(StartStep.OPEN);
    Checkpoint checkpoint = Checkpoint.open(files, options.io(), options.hostMemory());
    ModelText text = loadText(checkpoint, options);
    try {
      activity.begins(StartStep.DEVICE);
      return new ModelEngine(
          Engine.start(options, checkpoint, memory, request.stallTimeout()), text);
    } catch (Throwable e) {
      Cleanup.closeAfter(e, text);
      throw e;
    }
  }

  private static ModelText loadText(Checkpoint checkpoint, EngineOptions options) {
    try {
      return ModelLocation.text(checkpoint, options.model());
    } catch (Throwable e) {
      Cleanup.closeAfter(e, checkpoint);
      throw e;
    }
  }

  Engine engine() {
    return engine;
  }

  /**
   * What the engine had done as a run's first task came to it: a run counts what came after, be it
   * of others that use the engine at the same time.
   *
   * @param run the number of the run's accumulator
   */
  synchronized EngineSnapshot before(long run) {
    EngineSnapshot before = begun.computeIfAbsent(run, first -> engine.snapshot());
    if (begun.size() > RUNS) {
      begun.remove(begun.keySet().iterator().next());
    }
    return before;
  }

  /**
   * What the engine did since a task of the run last asked for it, so that all of them together are
   * told all of it once.
   *
   * @param run the number of the run's accumulator
   */
  synchronized EngineTotals worked(long run) {
    EngineSnapshot before = before(run);
    EngineSnapshot now = engine.snapshot();
    EngineSnapshot last = told.put(run, now);
    if (told.size() > RUNS) {
      told.remove(told.keySet().iterator().next());
    }
    return EngineTotals.of(now.since(last == null ? before : last));
  }

  ModelText text() {
    return text;
  }

  @Override
  public boolean isFailed() {
    return engine.isFailed();
  }

  @Override
  public void expect(ExpectedRows rows) {
    engine.expect(rows);
  }

  @Override
  public void stop() {
    engine.close();
  }

  @Override
  public void close() {
    ExecutorEngines.TALLY.closed(engine); // no sweep that is under way comes to its end
    try {
      engine.close();
    } finally {
      text.close();
    }
  }
}
