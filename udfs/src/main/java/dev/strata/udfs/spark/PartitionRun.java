package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.ReadAhead;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.engine.RowSink;
import dev.strata.udfs.journal.RowKey;
import dev.strata.udfs.model.GenerationDefaults;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskKilledException;

/**
 * One partition: the questions of rows go to the engine as long as few enough rows are unfinished,
 * and rows come out with their answers. Everything but the engine's sweeps happens on the task's
 * thread, when Spark asks for a row.
 *
 * @param <O> the rows that come out
 */
final class PartitionRun<O> implements Iterator<O>, AutoCloseable {

  private static final int DEFAULT_MAX_NEW_TOKENS = 256;

  private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A question that the engine has.
   *
   * @param key what equal ones have in common; null where each is asked
   */
  private record Open(
      PendingRows.Pending row, int index, SamplingOptions own, String key, OpenParts parts) {}

  /**
   * A part of a question that the engine has.
   *
   * @param index which of the question's parts
   */
  private record OpenPart(Open question, int index) {}

  private final EncodedRows input;
  private final GenerationOptions options;
  private final AnsweredRows<O> output;
  private final EngineSession session;
  private final AnswerText text;
  private final EngineClient client;
  private final PendingRows pending;
  private final Map<Integer, OpenPart> open = new HashMap<>();
  private final ReadAhead readAhead;
  private final EqualPrompts equal = new EqualPrompts();
  private final TaskWatch watch;
  private final Optional<TaskJournal> journal;
  private final Optional<JournaledRows> journaled;
  private volatile RowCounts counts = RowCounts.NONE;
  private long asked;
  private long told = System.nanoTime();
  private O next;
  private boolean closed;

  /**
   * @param inOrder whether rows come out as they came in, or else as they finish
   */
  PartitionRun(
      Iterator<AskedRow> input, AnsweredRows<O> output, boolean inOrder, EngineSession session) {
    this.options = session.options();
    this.output = output;
    this.session = session;
    this.pending = new PendingRows(inOrder);
    ModelEngine model = session.model();
    this.readAhead = model.engine().readAhead();
    Set<Integer> stopTokens = model.engine().checkpoint().generation().stopTokens();
    this.text = AnswerText.of(model.text(), stopTokens);
    RowEncoder encoder =
        new RowEncoder(model.text(), options.cutsPrompts(), session.contextLength());
    this.input = new EncodedRows(input, encoder, session.sampling());
    this.journal = session.journal();
    this.client = model.engine().open(journal.<RowSink>map(kept -> kept).orElse(RowSink.NONE));
    this.journaled = journal.map(this::journaled);
    this.watch = new TaskWatch(session.context(), this::report);
  }

  private JournaledRows journaled(TaskJournal kept) {
    JournaledRows.Asker asker =
        new JournaledRows.Asker() {
          @Override
          public void submit(int key, Ask ask) {
            PartitionRun.this.submit(key, ask);
          }

          @Override
          public void answered(RowResult result) {
            PartitionRun.this.answered(result);
          }

          @Override
          public void counted(RowCounts more) {
            counts = counts.plus(more);
          }
        };
    long task = session.context().taskAttemptId();
    return new JournaledRows(kept, asker, EngineGate.OF_THIS_JVM, task);
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
      next = FailedDevice.OF_THIS_JVM.ends(this::advance);
      if (next == null) {
        close(); // an idle engine does not wait for a client that is through
      }
    }
    return next != null;
  }

  @Override
  public O next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    O row = next;
    next = null;
    return row;
  }

  /** The next row that comes out, or null after the last. */
  private O advance() {
    while (true) {
      journal.ifPresent(TaskJournal::requireWritable);
      PendingRows.Finished finished = pending.poll();
      if (finished != null) {
        return output(finished);
      }
      RowResult done = client.poll();
      if (done != null) {
        answered(done);
      } else if (mayReadAhead() && input.hasNext()) {
        submit(input.next(room()));
      } else if (client.unfinished() > 0) {
        journaled.ifPresent(this::askBeforeWaiting);
        answered(await());
      } else if (journaled.isEmpty() || !journaled.get().askRest()) {
        output.finished();
        return null;
      }
    }
  }

  /** At the input's end nothing comes that rows could wait for. */
  private void askBeforeWaiting(JournaledRows rows) {
    if (mayReadAhead()) {
      rows.askWaiting();
    } else {
      rows.askMany();
    }
  }

  private boolean mayReadAhead() {
    if (journaled.isPresent() && journaled.get().isAlone()) {
      return false;
    }
    int rows = rowsAhead();
    return rows == 0 || (rows < mostRows() && pending.bytes() < readAhead.bytes());
  }

  /** How many rows may be read at once. */
  private int room() {
    return Math.max(1, mostRows() - rowsAhead());
  }

  private int mostRows() {
    return options.readAheadRows() > 0 ? options.readAheadRows() : readAhead.rows();
  }

  /** Rows that are put off until the end take the place of none. */
  private int rowsAhead() {
    return pending.size() - journaled.map(JournaledRows::putOff).orElse(0);
  }

  private RowResult await() {
    try {
      return client.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException();
    }
  }

  private void submit(EncodedRow row) {
    PendingRows.Pending asking = pending.add(row.row());
    for (int i = 0; i < row.questions().size(); i++) {
      submit(asking, i, row.questions().get(i));
    }
    if (!input.hasReady()) {
      journaled.ifPresent(JournaledRows::askMany);
    }
  }

  /** Hands a question to the engine; one that cannot go there has its error for an answer. */
  private void submit(PendingRows.Pending row, int index, EncodedQuestion question) {
    if (question.error() != null) {
      pending.answer(row, index, Answer.failed(question.error().getMessage(), 0));
      return;
    }
    if (question.question().isUndecoded()) {
      counts = counts.plus(RowCounts.UNDECODED);
    }
    SamplingOptions own = question.own();
    try {
      long seed = question.question().seed(options.seed(), own);
      String key = options.dedupes() ? question.digest(seed).hex() : null;
      if (key == null || !isAnswered(key, row, index)) {
        ask(row, index, key, question, seed);
      }
    } catch (RowException e) {
      int tokens = question.tokens().length;
      pending.answer(row, index, Answer.failed(e.getMessage(), tokens));
    }
  }

  /** Whether an equal prompt was asked, whose answer is this one's as well. */
  private boolean isAnswered(String key, PendingRows.Pending row, int index) {
    Answer known = equal.answer(key);
    if (known != null) {
      pending.answer(row, index, known);
    } else if (!equal.waits(key, new EqualPrompts.Waiting(row, index))) {
      return false;
    }
    counts = counts.plus(RowCounts.REPEATED);
    return true;
  }

  private void ask(
      PendingRows.Pending row, int index, String key, EncodedQuestion question, long seed) {
    List<AskPart> parts = text.asks(question, seed, session.contextLength());
    OpenParts results = new OpenParts(parts.size(), question.tokens().length);
    Open asking = new Open(row, index, question.own(), key, results);
    for (int i = 0; i < parts.size(); i++) {
      ask(new OpenPart(asking, i), parts.get(i), question, seed);
    }
  }

  private void ask(OpenPart asking, AskPart part, EncodedQuestion question, long seed) {
    int key = pending.addTokens(part.tokens());
    open.put(key, asking);
    if (journaled.isPresent()) {
      Sha256 digest = question.rowDigest(seed);
      boolean isFirst = asking.index() == 0;
      journaled
          .get()
          .ask(key, part.ask(), RowKey.of(isFirst ? digest : digest.add(asking.index())));
    } else {
      submit(key, part.ask());
    }
  }

  private void submit(int key, Ask ask) {
    asked++;
    client.submit(new RowRequest(key, pending.tokens(key), ask));
  }

  /** Says what the engine did, where nobody was told of late. */
  private void tellOfWork() {
    long now = System.nanoTime();
    if (now - told >= TELL_NANOS) {
      told = now;
      output.worked(session.worked());
    }
  }

  private void answered(RowResult result) {
    tellOfWork();
    int key = (int) result.key();
    OpenPart part = open.remove(key);
    pending.releaseTokens(key);
    Open question = part.question();
    if (!question.parts().completedBy(part.index(), result)) {
      return;
    }
    Answer answer =
        text.answer(question.parts().results(), question.parts().promptTokens(), question.own());
    pending.answer(question.row(), question.index(), answer);
    if (question.key() != null) {
      for (EqualPrompts.Waiting waiting : equal.answered(question.key(), answer)) {
        pending.answer(waiting.row(), waiting.question(), answer);
      }
    }
  }

  private O output(PendingRows.Finished finished) {
    for (Answer answer : finished.answers()) {
      counts = counts.plus(RowCounts.of(answer.completion()));
    }
    return output.row(finished.kept(), finished.answers());
  }

  private void report() {
    session.report(counts);
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
    journaled.ifPresent(JournaledRows::close);
    pending.close();
    session.ended(counts);
    output.worked(session.worked());
    output.closed(counts, asked);
  }
}
