package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.model.GenerationDefaults;
import dev.strata.udfs.text.TextPieces;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.TaskContext;

/**
 * A task's use of an engine, until the task ends: rows are asked once or several times, one after
 * another, and texts are measured as the model reads them.
 */
public final class EngineSession {

  private final GenerationOptions options;
  private final EngineStats stats;
  private final TaskContext context;
  private final ModelEngine model;
  private final Optional<TaskJournal> journal;
  private final EngineSnapshot beforeRun;
  private volatile RowCounts before = RowCounts.NONE;

  EngineSession(
      GenerationOptions options,
      EngineStats stats,
      TaskContext context,
      ModelEngine model,
      Optional<TaskJournal> journal) {
    this.options = options;
    this.stats = stats;
    this.context = context;
    this.model = model;
    this.journal = journal;
    this.beforeRun = model.before(stats.id());
    TasksUnderWay.begin(context, stats);
  }

  GenerationOptions options() {
    return options;
  }

  TaskContext context() {
    return context;
  }

  ModelEngine model() {
    return model;
  }

  /** Keeps what rows produce, as long as the task runs. */
  Optional<TaskJournal> journal() {
    return journal;
  }

  /** The options of questions that have none of their own: the run's over the model's. */
  SamplingOptions sampling() {
    GenerationDefaults defaults = model.engine().checkpoint().generation();
    return PartitionRun.sampling(options, defaults);
  }

  /** The most tokens of prompt and completion together. */
  public int contextLength() {
    return model.engine().checkpoint().spec().contextLength();
  }

  /** The most new tokens of a question that says nothing else. */
  public int maxNewTokens() {
    return sampling().maxNewTokens();
  }

  /**
   * The tokens of a question's prompt.
   *
   * @throws dev.strata.udfs.api.RowException if there is none to be made of it
   */
  public int promptTokens(Question question) {
    return question.prompt().encode(model.text()).length;
  }

  /** A text in pieces of so many tokens at most, in their order. */
  public List<TextPieces.Piece> pieces(String text, int mostTokens) {
    return TextPieces.of(model.text(), text, mostTokens);
  }

  /**
   * The rows with their answers, lazily.
   *
   * @param inOrder whether rows come out as they came in, or else as they finish
   */
  public <O> Iterator<O> run(Iterator<AskedRow> rows, AnsweredRows<O> output, boolean inOrder) {
    PartitionRun<O> run = new PartitionRun<>(rows, output, inOrder, this);
    PartitionTask.whenEnded(context, run::close);
    return run;
  }

  /** Says what the engine did for the run so far, and the rows of the run under way. */
  void report(RowCounts ofRun) {
    stats.add(
        RunProgress.of(model.engine().snapshot().since(beforeRun))
            .merge(RunProgress.of(context.partitionId(), before.plus(ofRun))));
  }

  /** What the engine did for the run since one of its tasks last asked. */
  EngineTotals worked() {
    return model.worked(stats.id());
  }

  /** Takes note of a run that is over. */
  void ended(RowCounts ofRun) {
    report(ofRun);
    before = before.plus(ofRun);
  }
}
