package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.text.ModelText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/** Counts the prompt tokens of a partition, as the run would make them, without an engine. */
final class PromptCountTask implements MapPartitionsFunction<Row, PromptCounts> {

  private static final long serialVersionUID = 1L;

  private static final byte[] NOTHING = {};

  private final GenerationOptions options;
  private final RowPrompts prompts;
  private final PlanPreview plan;
  private final SerializableConfiguration hadoop;

  PromptCountTask(
      GenerationOptions options,
      RowPrompts prompts,
      PlanPreview plan,
      SerializableConfiguration hadoop) {
    this.options = options;
    this.prompts = prompts;
    this.plan = plan;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<PromptCounts> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return List.of(PromptCounts.NONE).iterator();
    }
    return List.of(JvmErrors.told(() -> count(rows))).iterator();
  }

  private PromptCounts count(Iterator<Row> rows) {
    try (Checkpoint checkpoint = ModelLocation.open(options.engine().model(), hadoop.value());
        ModelText text = ModelLocation.text(checkpoint, options.engine().model())) {
      SamplingOptions sampling = PartitionRun.sampling(options, checkpoint.generation());
      RowEncoder encoder = new RowEncoder(text, options.cutsPrompts(), plan.contextTokens());
      EncodedRows encoded = new EncodedRows(new AskedRows<>(rows, this::asked), encoder, sampling);
      PromptCounts counts = PromptCounts.NONE;
      while (encoded.hasNext()) {
        counts = counts.plus(count(encoded.next(EncodedRows.MOST_ROWS).questions().get(0)));
      }
      return counts;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private AskedRow asked(Row row) {
    return new AskedRow(NOTHING, List.of(new RowAsk(prompts, row)));
  }

  private PromptCounts count(EncodedQuestion question) {
    if (question.error() != null) {
      return PromptCounts.failure(question.error().getMessage());
    }
    int promptTokens = question.tokens().length;
    PromptCounts counts =
        question.question().readout() == null
            ? count(promptTokens, question.own())
            : countRead(promptTokens, question.question().readout());
    return question.question().isUndecoded() ? counts.plus(PromptCounts.UNDECODED) : counts;
  }

  private PromptCounts countRead(int promptTokens, Readout readout) {
    boolean isWindowed = readout instanceof Readout.Score score && score.windows() != null;
    if (!isWindowed && promptTokens > plan.contextTokens()) {
      return PromptCounts.failure(
          "the text has more than the %,d tokens of the model's context"
              .formatted(plan.contextTokens()));
    }
    return PromptCounts.read(promptTokens);
  }

  private PromptCounts count(int promptTokens, SamplingOptions own) {
    if (promptTokens >= plan.contextTokens()) {
      return PromptCounts.failure(
          "the prompt fills the model's context of %,d tokens".formatted(plan.contextTokens()));
    }
    long length = Math.min((long) promptTokens + own.maxNewTokens(), plan.contextTokens());
    if (length - 1 > plan.kvTokens()) {
      return PromptCounts.failure(
          "prompt and completion need more than the plan's %,d tokens of keys and values"
              .formatted(plan.kvTokens()));
    }
    return PromptCounts.row(promptTokens, (int) length, own.needsLogits());
  }
}
