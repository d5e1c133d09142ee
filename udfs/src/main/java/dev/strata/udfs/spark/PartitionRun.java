package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.GenerationRequest;
import dev.strata.udfs.engine.GenerationResult;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.model.GenerationDefaults;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.PromptBuffer;
import dev.strata.udfs.text.StopStringScanner;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;

/**
 * One partition: rows go to the engine as long as few enough are unfinished, and come out as they
 * finish. Everything but the engine's sweeps happens on the task's thread, when Spark asks for a
 * row.
 */
final class PartitionRun implements Iterator<Row>, AutoCloseable {

  private static final int DEFAULT_MAX_NEW_TOKENS = 256;

  /**
   * No row is read ahead while unfinished ones, and the prompts of those that wait, take this much;
   * one row more may be large.
   */
  private static final long READ_AHEAD_BYTES = 256L << 20;

  private static final long BUFFER_BYTES = 2L << 30;

  private final EncodedRows input;
  private final GenerationOptions options;
  private final OutputRows output;
  private final EngineStats stats;
  private final TaskContext context;
  private final ModelEngine model;
  private final ModelText text;
  private final GenerationDefaults defaults;
  private final EngineClient client;
  private final PromptBuffer unfinished = new PromptBuffer(BUFFER_BYTES);
  private final Map<Integer, SamplingOptions> ownSampling = new HashMap<>();
  private final TaskWatch watch;
  private volatile RowCounts counts = RowCounts.NONE;
  private Row next;
  private boolean closed;

  PartitionRun(
      Iterator<Row> input,
      GenerationOptions options,
      RowPrompts prompts,
      OutputRows output,
      EngineStats stats,
      TaskContext context,
      ModelEngine model) {
    this.options = options;
    this.output = output;
    this.stats = stats;
    this.context = context;
    this.model = model;
    this.text = model.text();
    this.defaults = model.engine().checkpoint().generation();
    RowEncoder encoder =
        new RowEncoder(
            text, options.cutsPrompts(), model.engine().checkpoint().spec().contextLength());
    this.input = new EncodedRows(input, prompts, encoder, sampling(options, defaults));
    this.client = model.engine().open();
    this.watch = new TaskWatch(context, this::report);
  }

  /** The run's options over the model's own. */
  static SamplingOptions sampling(GenerationOptions options, GenerationDefaults defaults) {
    return options
        .sampling()
        .applyTo(defaults.sampling().applyTo(SamplingOptions.greedy(DEFAULT_MAX_NEW_TOKENS)));
  }

  @Override
  public boolean hasNext() {
    if (next == null && !closed) {
      next = JvmErrors.told(this::advance);
      if (next == null) {
        close(); // an idle engine does not wait for a client that is through
      }
    }
    return next != null;
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Row row = next;
    next = null;
    return row;
  }

  /** The next row that is finished, or null after the last. */
  private Row advance() {
    while (true) {
      GenerationResult done = client.poll();
      if (done != null) {
        return finished(done);
      }
      if (mayReadAhead() && input.hasNext()) {
        Row failed = submit(input.next(room()));
        if (failed != null) {
          return failed;
        }
      } else if (client.unfinished() > 0) {
        return finished(await());
      } else {
        return null;
      }
    }
  }

  private boolean mayReadAhead() {
    int rows = client.unfinished();
    return rows == 0 || (rows < options.readAheadRows() && unfinished.bytes() < READ_AHEAD_BYTES);
  }

  /** How many rows may be read at once. */
  private int room() {
    return Math.max(1, options.readAheadRows() - client.unfinished());
  }

  private GenerationResult await() {
    try {
      return client.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException();
    }
  }

  /** Hands a row to the engine; a row that cannot go there is returned with its error. */
  private Row submit(EncodedRow row) {
    if (row.error() != null) {
      return failed(row.row(), row.error(), 0);
    }
    if (row.ask().isUndecoded()) {
      counts = counts.plus(RowCounts.UNDECODED);
    }
    SamplingOptions own = row.own();
    try {
      long seed = row.ask().seed(options.seed(), own);
      int slot = unfinished.add(RowCodec.encode(output.kept(row.row())), row.tokens());
      ownSampling.put(slot, own);
      client.submit(new GenerationRequest(slot, promptTokens(slot), own, seed, stopCondition(own)));
      return null;
    } catch (RowException e) {
      return failed(row.row(), e, row.tokens().length);
    }
  }

  private Row failed(Row row, RowException error, int promptTokens) {
    return output(output.kept(row), Completion.failed(error.getMessage(), promptTokens));
  }

  private StopCondition stopCondition(SamplingOptions own) {
    StopCondition tokens =
        own.ignoreStopTokens()
            ? StopCondition.never()
            : StopCondition.tokens(defaults.stopTokens());
    return own.stopStrings().isEmpty()
        ? tokens
        : tokens.or(new StopStringScanner(text, own.stopStrings())::stops);
  }

  /** Tokens that the buffer lets go as soon as the engine has them. */
  private PromptTokens promptTokens(int slot) {
    int length = unfinished.tokenCount(slot);
    return new PromptTokens() {
      @Override
      public int length() {
        return length;
      }

      @Override
      public void copyTo(int[] target) {
        unfinished.takeTokens(slot, target);
      }
    };
  }

  private Row finished(GenerationResult result) {
    int slot = (int) result.key();
    Object[] kept = RowCodec.decode(unfinished.row(slot));
    int promptTokens = unfinished.tokenCount(slot);
    unfinished.release(slot);
    SamplingOptions own = ownSampling.remove(slot);
    return output(kept, completion(result, promptTokens, own));
  }

  private Completion completion(GenerationResult result, int promptTokens, SamplingOptions own) {
    if (result.error() != null) {
      return Completion.failed(result.error(), promptTokens);
    }
    String completion =
        StopStringScanner.truncate(text.decode(shown(result, own)), own.stopStrings());
    return new Completion(completion, result.reason(), promptTokens, result.tokens().length, null);
  }

  /** All tokens but the stop token. */
  private int[] shown(GenerationResult result, SamplingOptions own) {
    int[] tokens = result.tokens();
    boolean stopped =
        result.reason() == FinishReason.STOP
            && !own.ignoreStopTokens()
            && defaults.stopTokens().contains(tokens[tokens.length - 1]);
    return stopped ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
  }

  private Row output(Object[] kept, Completion completion) {
    counts = counts.plus(RowCounts.of(completion));
    return output.row(kept, completion);
  }

  private void report() {
    stats.add(
        RunProgress.of(model.engine().snapshot())
            .merge(RunProgress.of(context.partitionId(), counts)));
  }

  /** The client first: after that the engine reads no prompt of the buffer any more. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    watch.close();
    client.close();
    unfinished.close();
    report();
  }
}
