package dev.strata.udfs.spark;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.journal.RowEntry;
import dev.strata.udfs.journal.RowKey;
import dev.strata.udfs.journal.Suspicion;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.apache.spark.TaskKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands a task's rows to the engine, with what earlier attempts made of them, once the journal has
 * taken down which they are. Rows in whose company processes died come after all others and by
 * themselves, in groups that every death halves; one that was alone at last is not asked again. For
 * the task's thread.
 */
final class JournaledRows implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(JournaledRows.class);

  /** Rows wait for others to be taken down with, unless they are so small a part of all. */
  private static final int MOST_WAITING_SHARE = 32;

  /** The rest of the task. */
  interface Asker {

    /** Hands a question to the engine. */
    void submit(int key, Ask ask);

    /** Takes the answer of one that does not go there. */
    void answered(RowResult result);

    void counted(RowCounts more);
  }

  private record Waiting(int key, Ask ask, RowKey row, int tokens, int mostTogether) {}

  private final TaskJournal journal;
  private final Asker asker;
  private final EngineGate gate;
  private final long task;
  private final List<Waiting> waiting = new ArrayList<>();
  private final Deque<Waiting> suspects = new ArrayDeque<>();
  private boolean isAlone;

  /**
   * @param task names the task within its process
   */
  JournaledRows(TaskJournal journal, Asker asker, EngineGate gate, long task) {
    this.journal = journal;
    this.asker = asker;
    this.gate = gate;
    this.task = task;
  }

  /** Takes what an earlier attempt produced for a row, or asks for it soon, or for the rest. */
  void ask(int key, Ask ask, RowKey row) {
    RowEntry earlier = journal.find(row);
    if (earlier != null && earlier.isFinished()) {
      asker.counted(RowCounts.kept(earlier.end()));
      asker.answered(
          new RowResult(
              key, earlier.tokens(), earlier.values(), earlier.reason(), earlier.error()));
      return;
    }
    Suspicion suspicion = journal.suspicion(row);
    if (suspicion.isProven()) {
      fail(key, row, suspicion);
      return;
    }
    Waiting next = waiting(key, ask, row, earlier, suspicion);
    (suspicion.isSuspect() ? suspects : waiting).add(next);
  }

  private void fail(int key, RowKey row, Suspicion suspicion) {
    RowResult result =
        new RowResult(
            key,
            new int[0],
            new float[0],
            FinishReason.ERROR,
            ("the JVM of the executor died %d times while this row was in it, the last time with"
                    + " this row alone (%s); it is not asked again")
                .formatted(suspicion.deaths(), ExecutorEnd.told(suspicion.code())));
    journal.failed(row, result.error());
    asker.answered(result);
  }

  private Waiting waiting(int key, Ask ask, RowKey row, RowEntry earlier, Suspicion suspicion) {
    if (earlier == null || !(ask instanceof Ask.Generate generate)) {
      return new Waiting(key, ask, row, 0, suspicion.mostTogether());
    }
    asker.counted(RowCounts.resumed(earlier.end()));
    Ask rest = generate.after(earlier.tokens());
    return new Waiting(key, rest, row, earlier.end(), suspicion.mostTogether());
  }

  /** Rows that wait until all others have been asked. */
  int putOff() {
    return suspects.size();
  }

  /** Whether the engine has a group of suspects, and is to get nothing else. */
  boolean isAlone() {
    return isAlone;
  }

  /** Hands over what waits, if it is much beside what the engine has. */
  void askMany() {
    if ((long) waiting.size() * MOST_WAITING_SHARE > journal.openRows()) {
      askWaiting();
    }
  }

  /**
   * Hands over what is left. To be called when the engine has nothing.
   *
   * @return whether there was something, or there may be
   */
  boolean askRest() {
    if (isAlone) {
      isAlone = false;
      gate.leave(task);
      return true;
    }
    if (!waiting.isEmpty()) {
      askWaiting();
      return true;
    }
    if (!suspects.isEmpty()) {
      askSuspects();
      return true;
    }
    return false;
  }

  /** Hands over all that waits. */
  void askWaiting() {
    if (!waiting.isEmpty()) {
      await(() -> gate.enter(task));
      hand(waiting);
      waiting.clear();
    }
  }

  private void askSuspects() {
    List<Waiting> group = leastSuspect();
    LOG.warn(
        "{} of {} rows in whose company executors died are asked by themselves",
        group.size(),
        group.size() + suspects.size());
    journal.left();
    gate.leave(task);
    await(() -> gate.enterAlone(task));
    isAlone = true;
    hand(group);
  }

  /** Takes the largest group that may be together. */
  private List<Waiting> leastSuspect() {
    List<Waiting> sorted = new ArrayList<>(suspects);
    sorted.sort(Comparator.comparingInt(Waiting::mostTogether).reversed());
    suspects.clear();
    suspects.addAll(sorted);
    List<Waiting> group = new ArrayList<>();
    while (!suspects.isEmpty() && group.size() < suspects.peek().mostTogether()) {
      group.add(suspects.remove());
    }
    return group;
  }

  private void hand(List<Waiting> rows) {
    rows.forEach(row -> journal.asked(row.key(), row.row(), row.tokens()));
    journal.takeDown();
    rows.forEach(row -> asker.submit(row.key(), row.ask()));
  }

  private interface Entrance {
    void await() throws InterruptedException;
  }

  private static void await(Entrance entrance) {
    try {
      entrance.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException();
    }
  }

  /** The engine has no rows of the task any more. */
  @Override
  public void close() {
    journal.left();
    gate.leave(task);
  }
}
