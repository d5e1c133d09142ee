package dev.strata.udfs.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RetriesTest {

  private final List<Duration> pauses = new ArrayList<>();
  private int attempts;

  private Retries retries(Duration patience) {
    return new Retries(
        patience, e -> !(e instanceof FileNotFoundException), (e, pause) -> pauses.add(pause));
  }

  private String failing(int times, IOException failure) throws IOException {
    if (attempts++ < times) {
      throw failure;
    }
    return "done";
  }

  @Test
  void whatFailsForATimeSucceedsAfterLongerAndLongerPauses() throws IOException {
    IOException failure = new IOException("away");
    assertThat(retries(Duration.ofMillis(200)).run(() -> failing(2, failure))).isEqualTo("done");
    assertThat(pauses).containsExactly(Duration.ofMillis(50), Duration.ofMillis(100));
  }

  @Test
  void patienceEnds() {
    IOException failure = new IOException("away");
    assertThatThrownBy(() -> retries(Duration.ofMillis(20)).run(() -> failing(100, failure)))
        .isSameAs(failure);
    assertThat(attempts).isBetween(2, 5);
  }

  @Test
  void whatDoesNotPassIsToldAtOnce() {
    FileNotFoundException failure = new FileNotFoundException("gone");
    assertThatThrownBy(() -> retries(Duration.ofHours(1)).run(() -> failing(100, failure)))
        .isSameAs(failure);
    assertThat(attempts).isOne();
  }

  @Test
  void anEndIsNoticedInAPause() {
    IOException failure = new IOException("away");
    Retries retries =
        new Retries(
            Duration.ofHours(1),
            e -> true,
            (e, pause) -> Thread.currentThread().interrupt()); // which does not end it
    CompletableFuture<String> work =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return retries.run(() -> failing(100, failure));
              } catch (IOException e) {
                return e.getMessage() + " " + Thread.interrupted();
              }
            });
    retries.end();
    assertThat(work.join()).isEqualTo("away true");
    assertThat(attempts).isOne();
  }
}
