package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tensor.SoftwareLanes.SoftwareLane;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What waits force, and what they do not. */
@Timeout(60)
class SoftwareLanesTest {

  private final SoftwareLanes late = new SoftwareLanes(false);
  private final SoftwareLanes early = new SoftwareLanes(true);
  private final SoftwareLane a = (SoftwareLane) late.newLane("a");
  private final SoftwareLane b = (SoftwareLane) late.newLane("b");
  private final SoftwareLane c = (SoftwareLane) late.newLane("c");
  private final Mark x = late.newMark(false);
  private final Mark y = late.newMark(false);
  private final List<String> ran = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    List.of(a, b, c).forEach(Lane::close);
  }

  private void send(SoftwareLane lane, String work) {
    lane.send(() -> ran.add(work));
  }

  @Test
  void workWaitsUntilSomebodyWaitsForIt() {
    send(a, "1");
    send(a, "2");
    a.record(x);
    send(a, "3");
    assertThat(ran).isEmpty();
    x.awaitOnHost();
    assertThat(ran).containsExactly("1", "2");
    x.awaitOnHost();
    assertThat(ran).containsExactly("1", "2");
  }

  @Test
  void waitingForAMarkThatWasNeverSetIsNothing() {
    send(a, "1");
    b.await(x);
    send(b, "2");
    a.record(x);
    b.record(y);
    y.awaitOnHost();
    assertThat(ran).containsExactly("2");
    late.newMark(false).awaitOnHost();
    assertThat(ran).containsExactly("2");
  }

  @Test
  void aWaitIsForTheMarkAsItIsThen() {
    send(a, "1");
    a.record(x);
    b.await(x);
    send(a, "2");
    a.record(x);
    send(b, "3");
    b.record(y);
    y.awaitOnHost();
    assertThat(ran).containsExactly("1", "3");
    x.awaitOnHost();
    assertThat(ran).containsExactly("1", "3", "2");
  }

  @Test
  void whatIsSentBeforeAWaitDoesNotWait() {
    send(a, "1");
    a.record(x);
    send(b, "2");
    b.record(y);
    b.await(x);
    send(b, "3");
    y.awaitOnHost();
    assertThat(ran).containsExactly("2");
  }

  @Test
  void waitsGoFromLaneToLane() {
    send(a, "1");
    a.record(x);
    b.await(x);
    send(b, "2");
    b.record(y);
    Mark z = late.newMark(false);
    c.await(y);
    send(c, "3");
    c.record(z);
    send(a, "4");
    send(b, "5");
    z.awaitOnHost();
    assertThat(ran).containsExactly("1", "2", "3");
  }

  @Test
  void aBoundThreadWaitsForItsLaneAlone() {
    assertThat(late.isBound()).isFalse();
    late.synchronize();
    a.bind();
    assertThat(late.isBound()).isTrue();
    late.send(() -> ran.add("1"));
    send(b, "2");
    late.synchronize();
    assertThat(ran).containsExactly("1");
  }

  @Test
  void copiesThatMayGoEarlyWaitForNothingElse() {
    SoftwareLane kernels = (SoftwareLane) early.newLane("kernels");
    SoftwareLane copies = (SoftwareLane) early.newCopyLane("copies");
    Mark free = early.newMark(false);
    Mark end = early.newMark(false);
    send(copies, "copy 1");
    send(kernels, "kernel 1");
    kernels.record(free);
    send(kernels, "kernel 2");
    kernels.record(end);
    copies.await(free);
    send(copies, "copy 2");
    assertThat(ran).containsExactly("copy 1");
    end.awaitOnHost();
    assertThat(ran).containsExactly("copy 1", "kernel 1", "copy 2", "kernel 2");
  }

  @Test
  void whoeverWaitsAfterAFailureHearsOfIt() {
    a.send(
        () -> {
          throw new IllegalStateException("no such kernel");
        });
    a.record(x);
    b.record(y);
    assertThatThrownBy(x::awaitOnHost).hasMessage("no such kernel");
    assertThatThrownBy(y::awaitOnHost).hasMessage("no such kernel");
    assertThatThrownBy(() -> send(b, "1")).hasMessage("no such kernel");
    assertThat(ran).isEmpty();
  }

  /** Two threads wait for the same work; it is done once, and a third lane goes on meanwhile. */
  @Test
  void workIsDoneOnce() throws InterruptedException {
    LaneGate gate = new LaneGate(a);
    send(a, "1");
    a.record(x);
    Thread one = new Thread(x::awaitOnHost);
    Thread two = new Thread(x::awaitOnHost);
    one.start();
    gate.awaitReached();
    two.start();
    send(b, "2");
    b.record(y);
    y.awaitOnHost();
    assertThat(ran).containsExactly("2");
    gate.close();
    one.join();
    two.join();
    assertThat(ran).containsExactly("2", "1");
  }

  @Test
  void aLaneThatIsClosedDropsItsWorkAndGivesBackWhatThatHolds() {
    AtomicInteger closed = new AtomicInteger();
    SoftwareLane lane = (SoftwareLane) late.newLane("closed");
    lane.send(
        new SoftwareLanes.Work() {
          @Override
          public void run() {
            ran.add("1");
          }

          @Override
          public void close() {
            closed.incrementAndGet();
          }
        });
    lane.record(x);
    lane.close();
    x.awaitOnHost();
    assertThat(ran).isEmpty();
    assertThat(closed).hasValue(1);
  }

  @Test
  void timedMarksTellWhenTheyWerePassed() {
    Mark begin = late.newMark(true);
    Mark end = late.newMark(true);
    a.record(begin);
    a.send(
        () -> {
          long until = System.nanoTime() + 2_000_000;
          while (System.nanoTime() < until) {
            Thread.onSpinWait();
          }
        });
    a.record(end);
    end.awaitOnHost();
    assertThat(begin.millisecondsUntil(end)).isBetween(2.0, 1000.0);
  }
}
