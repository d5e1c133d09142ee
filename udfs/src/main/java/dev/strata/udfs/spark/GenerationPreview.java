package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.engine.EnginePreview;
import dev.strata.udfs.engine.MachineTrial;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/** What {@link Generation} would do, without doing it. */
public final class GenerationPreview {

  private GenerationPreview() {}

  /** Whether there is a GPU in this JVM's machine that PyTorch can use. */
  public static boolean hasGpu() {
    return EnginePreview.hasGpu();
  }

  /**
   * The memory plan of an executor's engine. Needs no device.
   *
   * @param onHost whether the executor has no GPU
   * @throws dev.strata.udfs.api.StrataException if the model cannot be used or the budget is too
   *     small for it
   */
  public static PlanPreview plan(EngineOptions options, boolean onHost) {
    try (Checkpoint checkpoint = ModelLocation.open(options.model())) {
      return EnginePreview.plan(checkpoint, options, onHost);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes every row's prompt and counts its tokens, on the executors.
   *
   * @throws dev.strata.udfs.api.StrataException if the options name columns that the input does not
   *     have
   */
  public static PromptCounts count(Dataset<Row> rows, GenerationOptions options, PlanPreview plan) {
    TextColumns texts = new TextColumns(rows.schema());
    RowPrompts prompts = RowPrompts.of(options, texts);
    PromptCountTask task =
        new PromptCountTask(options, prompts, plan, ModelLocation.hadoop(rows.sparkSession()));
    return texts
        .rows(rows)
        .mapPartitions(task, Encoders.javaSerialization(PromptCounts.class))
        .collectAsList()
        .stream()
        .reduce(PromptCounts.NONE, PromptCounts::plus);
  }

  /** Where nodes copy the model from before they run, or empty if they read it where it is. */
  public static Optional<String> copiedFrom(GenerationOptions options) {
    String location = options.engine().model();
    return ModelFiles.isCopied(location, options.staging())
        ? Optional.of(location)
        : Optional.empty();
  }

  /**
   * Tries for about two seconds how fast this machine is. Reads of a copy that executors have yet
   * to make are not tried.
   */
  public static MachineRates rates(GenerationOptions options, boolean onHost) {
    EngineOptions engine = options.engine();
    try (Checkpoint checkpoint = ModelLocation.open(engine.model())) {
      return MachineTrial.run(checkpoint, engine, copiedFrom(options).isEmpty(), onHost);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
