package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RowQueueTest {

  private final RowQueue queue = new RowQueue(3);

  private EngineClient client() {
    EngineClient client = new EngineClient(null, RowSink.NONE);
    queue.open(client);
    return client;
  }

  private void submit(EngineClient client, long key) {
    queue.submit(client, TestEngines.request(key, new int[] {6}, 1));
  }

  private void deliver(EngineClient client, long key) {
    queue.deliver(
        client, RowResult.generated(key, new int[] {7}, FinishReason.LENGTH, null, false));
  }

  /** All waiting rows' keys, in the order in which they are offered. */
  private List<Long> takeAll() {
    List<Long> keys = new ArrayList<>();
    queue.offer(entry -> keys.add(entry.request().key()));
    return keys;
  }

  private interface Waiting<T> {
    T get() throws InterruptedException;
  }

  /** Starts a thread that waits, and returns when it does. */
  private static <T> FutureTask<T> waiting(Waiting<T> call) {
    FutureTask<T> task = new FutureTask<>(call::get);
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    while (!isWaiting(thread.getState())) {
      assertThat(task).as("does not wait").isNotDone();
      Thread.onSpinWait();
    }
    return task;
  }

  private static boolean isWaiting(Thread.State state) {
    return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
  }

  @Test
  void aClientWhoseResultsAreNotTakenHoldsUpNobodyForLong() throws Exception {
    EngineClient first = client();
    client();
    submit(first, 0);
    FutureTask<RowResult> result = waiting(() -> queue.take(first));
    assertThat(queue.awaitRows()).isTrue();
    assertThat(takeAll()).containsExactly(0L);
    deliver(first, 0);
    assertThat(result.get().key()).isZero();
  }

  @Test
  void anIdleEngineWaitsWhileAClientMaySubmit() throws Exception {
    EngineClient first = client();
    EngineClient second = client();
    submit(first, 0);
    FutureTask<RowResult> firstResult = waiting(() -> queue.take(first));
    FutureTask<Boolean> start = waiting(queue::awaitRows);
    submit(second, 1);
    FutureTask<RowResult> secondResult = waiting(() -> queue.take(second));
    assertThat(start.get()).isTrue();
    assertThat(takeAll()).containsExactly(0L, 1L);
    deliver(second, 1);
    deliver(first, 0);
    assertThat(firstResult.get().key()).isZero();
    assertThat(secondResult.get().key()).isEqualTo(1);
  }

  @Test
  void rowsForAWholeWaveStartAnIdleEngine() throws Exception {
    EngineClient client = client();
    submit(client, 0);
    submit(client, 1);
    FutureTask<Boolean> start = waiting(queue::awaitRows);
    submit(client, 2);
    assertThat(start.get()).isTrue();
  }

  @Test
  void aClientThatLeavesIsNotWaitedFor() throws Exception {
    EngineClient first = client();
    EngineClient second = client();
    submit(first, 0);
    submit(second, 1);
    FutureTask<RowResult> result = waiting(() -> queue.take(first));
    FutureTask<Boolean> start = waiting(queue::awaitRows);
    queue.cancel(second);
    assertThat(start.get()).isTrue();
    assertThat(takeAll()).containsExactly(0L);
    deliver(first, 0);
    assertThat(result.get().key()).isZero();
  }

  @Test
  void noRowsNoStart() throws Exception {
    EngineClient client = client();
    FutureTask<Boolean> start = waiting(queue::awaitRows);
    queue.cancel(client);
    EngineClient other = client();
    submit(other, 1);
    assertThat(start).isNotDone();
    queue.close(null);
    assertThat(start.get()).isFalse();
  }

  @Test
  void rowsAreOfferedInOrderUntilOneHasToWait() {
    EngineClient client = client();
    for (int key = 0; key < 5; key++) {
      submit(client, key);
    }
    List<Long> offered = new ArrayList<>();
    queue.offer(
        entry -> {
          offered.add(entry.request().key());
          return entry.request().key() < 2;
        });
    assertThat(offered).containsExactly(0L, 1L, 2L);
    assertThat(queue.waitingRows()).isEqualTo(3);
    assertThat(takeAll()).containsExactly(2L, 3L, 4L);
  }

  @Test
  void theLongestAllowanceIsOfferedFirst() {
    EngineClient client = client();
    int[] allowances = {5, 9, 5, 7, 9};
    for (int key = 0; key < allowances.length; key++) {
      queue.submit(client, TestEngines.request(key, new int[] {6}, allowances[key]));
    }
    assertThat(takeAll()).containsExactly(1L, 4L, 3L, 0L, 2L);
  }

  @Test
  void aShortRowIsOvertakenByFourWavesAtMost() {
    EngineClient client = client();
    submit(client, 0);
    for (int key = 1; key <= 100; key++) {
      queue.submit(client, TestEngines.request(key, new int[] {6}, 9));
    }
    assertThat(takeAll().indexOf(0L)).isEqualTo(4 * 3);
  }

  @Test
  void resultsGoToTheirClientInTheOrderOfTheirEnd() throws Exception {
    EngineClient first = client();
    EngineClient second = client();
    submit(first, 0);
    submit(second, 0);
    submit(first, 1);
    deliver(first, 1);
    deliver(second, 0);
    deliver(first, 0);
    assertThat(queue.unfinished(first)).isEqualTo(2);
    assertThat(queue.take(first).key()).isEqualTo(1);
    assertThat(queue.poll(first).key()).isZero();
    assertThat(queue.poll(first)).isNull();
    assertThat(queue.unfinished(first)).isZero();
    assertThat(queue.unfinished(second)).isEqualTo(1);
  }

  @Test
  void takingWithNothingUnfinishedIsRefused() {
    EngineClient client = client();
    assertThatThrownBy(() -> queue.take(client))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no row is unfinished");
  }

  @Test
  void aWaitingClientGetsItsResult() throws Exception {
    EngineClient client = client();
    submit(client, 4);
    FutureTask<RowResult> result = waiting(() -> queue.take(client));
    deliver(client, 4);
    assertThat(result.get().key()).isEqualTo(4);
  }

  @Test
  void aCancelledClientsRowsAreForgotten() {
    EngineClient gone = client();
    EngineClient stays = client();
    submit(gone, 0);
    submit(stays, 1);
    submit(gone, 2);
    queue.cancel(gone);
    deliver(gone, 7);
    assertThat(queue.isOpen(gone)).isFalse();
    assertThat(takeAll()).containsExactly(1L);
    assertThatThrownBy(() -> submit(gone, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the client is closed");
    assertThatThrownBy(() -> queue.poll(gone)).hasMessage("the client is closed");
  }

  @Test
  void aFailureIsToldToAllClients() throws Exception {
    EngineClient waits = client();
    EngineClient hasResult = client();
    submit(waits, 0);
    submit(hasResult, 1);
    submit(hasResult, 2);
    deliver(hasResult, 1);
    FutureTask<RowResult> waiting = waiting(() -> queue.take(waits));
    queue.close(new IllegalStateException("the disk is gone"));
    assertThatThrownBy(waiting::get)
        .hasRootCauseMessage("the disk is gone")
        .cause()
        .hasMessage("the engine failed: the disk is gone");
    assertThat(queue.take(hasResult).key()).isEqualTo(1);
    for (ThrowingQueueCall call :
        List.<ThrowingQueueCall>of(
            () -> queue.take(hasResult),
            () -> queue.poll(hasResult),
            () -> submit(hasResult, 3),
            this::client)) {
      assertThatThrownBy(call::run).hasMessage("the engine failed: the disk is gone");
    }
    assertThat(queue.isFailed()).isTrue();
    assertThat(queue.isClosed()).isTrue();
  }

  private interface ThrowingQueueCall {
    void run() throws Exception;
  }

  @Test
  void closingIsNoFailure() {
    EngineClient client = client();
    submit(client, 0);
    queue.close(null);
    assertThat(queue.isFailed()).isFalse();
    assertThat(queue.waitingRows()).isZero();
    assertThatThrownBy(() -> queue.take(client)).hasMessage("the engine is closed");
  }

  @Test
  void theFirstFailureIsTheOneThatIsTold() {
    EngineClient client = client();
    queue.close(new IllegalStateException("first"));
    queue.close(null);
    queue.close(new IllegalStateException("last"));
    assertThatThrownBy(() -> queue.poll(client)).hasMessage("the engine failed: first");
  }
}
