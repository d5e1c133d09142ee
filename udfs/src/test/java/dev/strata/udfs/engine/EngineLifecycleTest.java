package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.ExpectedRows;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Engines that share a ledger, fail, are closed and plan anew. */
@Timeout(120)
class EngineLifecycleTest {

  private static final Path MODEL = TestEngines.golden("llama");

  private final MemoryLedger ledger = new MemoryLedger();

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(MODEL).waveSize(6);
  }

  private Engine start(EngineOptions options) {
    Checkpoint checkpoint = Checkpoint.open(options.model());
    try {
      return Engine.start(options, checkpoint, this::wholeOrLeft, Duration.ofHours(1));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private MemoryLedger.Reservation wholeOrLeft(MemoryDemand demand) {
    return ledger.reserve(demand).or(() -> ledger.reserveLeft(demand)).orElseThrow();
  }

  private static List<List<Integer>> run(Engine engine) {
    List<int[]> prompts =
        IntStream.range(0, 6).mapToObj(i -> IntStream.range(6, 20 + 7 * i).toArray()).toList();
    return TestEngines.run(engine, TestEngines.requests(prompts, 5)).stream()
        .map(result -> IntStream.of(result.tokens()).boxed().toList())
        .toList();
  }

  static Stream<EngineOptions> plans() {
    return Stream.of(
        options().hostMemory(24 << 20).build(),
        options().hostMemory(64 << 20).deviceMemory(64 << 20).device("staged").build());
  }

  @ParameterizedTest
  @MethodSource("plans")
  void enginesTogetherHoldNoMoreThanOneMay(EngineOptions options) {
    List<List<Integer>> alone;
    try (Engine engine = Engine.start(options)) {
      alone = run(engine);
    }
    EngineOptions other = options.expecting(new ExpectedRows(7, false));
    try (Engine first = start(options);
        Engine second = start(other)) {
      assertThat(run(first)).isEqualTo(alone);
      assertThat(run(second)).isEqualTo(alone);
      long host = first.memory().hostBytes() + second.memory().hostBytes();
      long device = first.memory().deviceBytes() + second.memory().deviceBytes();
      assertThat(host).isPositive().isLessThanOrEqualTo(options.hostMemory());
      assertThat(device).isLessThanOrEqualTo(options.deviceMemory());
      MemoryShare held = ledger.held(options.device());
      assertThat(held.hostBytes()).isBetween(host, options.hostMemory());
      assertThat(held.deviceBytes()).isBetween(device, options.deviceMemory());
    }
    assertThat(ledger.held(options.device())).isEqualTo(MemoryShare.NONE);
  }

  private static RowRequest failing(long key) {
    return TestEngines.request(
        key,
        new int[] {6, 7, 8},
        4,
        (generated, count) -> {
          throw new InternalError("injected");
        });
  }

  @ParameterizedTest
  @MethodSource("plans")
  void aFailedEngineGivesItsMemoryBackThoughClientsAreOpen(EngineOptions options)
      throws InterruptedException {
    Engine engine = start(options);
    String sentence = "the engine failed: InternalError: injected";
    try (EngineClient first = engine.open();
        EngineClient second = engine.open()) {
      first.submit(failing(0));
      second.submit(failing(1));
      CompletableFuture<RowResult> other = CompletableFuture.supplyAsync(() -> take(second));
      assertThatThrownBy(first::take).hasMessage(sentence);
      assertThatThrownBy(other::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .hasMessage(sentence);
      while (!ledger.held(options.device()).equals(MemoryShare.NONE)) {
        Thread.sleep(5);
      }
      try (Engine next = start(options)) {
        assertThat(next.memory().hostBudget()).isEqualTo(options.hostMemory());
        assertThat(run(next)).hasSize(6);
      }
      assertThatThrownBy(first::poll).hasMessage(sentence);
      assertThatThrownBy(() -> first.submit(failing(2))).hasMessage(sentence);
      assertThat(engine.snapshot().layers()).isPositive();
      assertThat(engine.memory().hostBytes()).isPositive();
      assertThat(engine.describePlan()).isNotEmpty();
      assertThat(engine.checkpoint().spec().vocabSize()).isPositive();
      engine.close();
      engine.close();
    }
    assertThat(engine.isFailed()).isTrue();
  }

  private static RowResult take(EngineClient client) {
    try {
      return client.take();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closingMayBeRepeatedBesideAllOtherCalls() throws Exception {
    for (int round = 0; round < 5; round++) {
      Engine engine = start(options().build());
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        clients.add(CompletableFuture.runAsync(() -> useUntilClosed(engine)));
      }
      CompletableFuture<Void> closing = CompletableFuture.runAsync(engine::close);
      engine.close();
      closing.get();
      for (CompletableFuture<Void> client : clients) {
        assertThatThrownBy(client::get).cause().hasMessage("the engine is closed");
      }
      assertThat(ledger.held("")).isEqualTo(MemoryShare.NONE);
    }
  }

  private static void useUntilClosed(Engine engine) {
    while (true) {
      try (EngineClient client = engine.open()) {
        client.submit(TestEngines.request(0, new int[] {6, 7, 8}, 3));
        client.poll();
        take(client);
        engine.memory();
      }
    }
  }

  @Test
  void aClosedEngineHasNoFileOpen() throws IOException {
    String model = MODEL.toRealPath().toString();
    long before = openFiles(model);
    Engine engine = start(options().build());
    run(engine);
    assertThat(openFiles(model)).isGreaterThan(before);
    engine.close();
    assertThat(openFiles(model)).isEqualTo(before);
  }

  private static long openFiles(String under) throws IOException {
    try (Stream<Path> handles = Files.list(Path.of("/proc/self/fd"))) {
      return handles.filter(handle -> target(handle).startsWith(under)).count();
    }
  }

  private static String target(Path handle) {
    try {
      return Files.readSymbolicLink(handle).toString();
    } catch (IOException e) { // closed meanwhile
      return "";
    }
  }

  /** Weights of the golden fit beside all, so the hint is of use where a device is apart. */
  private static EngineOptions planned(int rowTokens) {
    return options()
        .device("staged")
        .deviceMemory(24 << 20)
        .hostMemory(24 << 20)
        .waveSize(64)
        .rowTokens(rowTokens)
        .build();
  }

  private static String plan(EngineOptions options) {
    try (Engine engine = Engine.start(options)) {
      return engine.describePlan();
    }
  }

  @Test
  void anIdleEnginePlansForRowsOfAnotherLength() {
    String small = plan(planned(20));
    String large = plan(planned(5000));
    assertThat(large).isNotEqualTo(small);
    try (Engine engine = start(planned(20))) {
      assertThat(engine.describePlan()).isEqualTo(small);
      List<List<Integer>> texts = run(engine);
      long read = engine.snapshot().readBytes();
      engine.expect(new ExpectedRows(5000, false));
      assertThat(run(engine)).isEqualTo(texts);
      assertThat(engine.describePlan()).isEqualTo(large);
      assertThat(engine.snapshot().readBytes()).isGreaterThan(read);
      assertThat(engine.snapshot().doneRows()).isEqualTo(12);
      engine.expect(new ExpectedRows(20, false));
      assertThat(run(engine)).isEqualTo(texts);
      assertThat(engine.describePlan()).isEqualTo(small);
      assertThat(ledger.held("staged").hostBytes()).isLessThanOrEqualTo(24 << 20);
    }
  }

  @Test
  void theWaveIsThatOfTheNewPlan() {
    TestEngines.OptionsBuilder options = options().hostMemory(24 << 20).waveSize(0);
    try (Engine engine = start(options.build())) {
      run(engine);
      engine.expect(new ExpectedRows(500, false));
      run(engine);
      assertThat(engine.describePlan()).isEqualTo(plan(options.rowTokens(500).build()));
    }
  }

  /** Rows of the first are in the wave when the second says what it expects. */
  @Test
  void aBusyEnginePlansAnewWhenItsRowsAreThrough() {
    try (Engine engine = start(planned(20));
        EngineClient busy = engine.open()) {
      String small = engine.describePlan();
      List<String> whileBusy = new ArrayList<>();
      busy.submit(
          TestEngines.request(
              0,
              new int[] {6, 7, 8},
              6,
              (generated, count) -> {
                engine.expect(new ExpectedRows(5000, false));
                whileBusy.add(engine.describePlan());
                return false;
              }));
      assertThat(take(busy).tokens()).hasSize(6);
      assertThat(whileBusy).hasSize(6).containsOnly(small);
      busy.submit(TestEngines.request(1, new int[] {6, 7, 8}, 6));
      assertThat(take(busy).tokens()).hasSize(6);
      assertThat(engine.describePlan()).isNotEqualTo(small);
    }
  }

  @Test
  void anEngineThatCannotBeStartedLeavesNothing() {
    EngineOptions options = options().build();
    Checkpoint checkpoint = Checkpoint.open(options.model());
    MemoryBroker interrupted =
        demand -> {
          throw new InterruptedException();
        };
    assertThatThrownBy(() -> Engine.start(options, checkpoint, interrupted, Duration.ofHours(1)))
        .isInstanceOf(InterruptedException.class);
    assertThatThrownBy(() -> checkpoint.read(checkpoint.vectors().get(0), 0, buffer()))
        .isInstanceOf(IOException.class);
    assertThat(ledger.held("")).isEqualTo(MemoryShare.NONE);
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(8);
  }
}
