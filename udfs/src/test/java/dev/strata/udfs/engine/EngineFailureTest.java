package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Weight;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with a row, with a client, with the engine, and who hears of it. */
@Timeout(120)
class EngineFailureTest {

  private static final int CONTEXT = 1024;
  private static final int VOCABULARY = 8192;
  private static final String NOT_FINITE = "the model computed logits that are not finite";

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.demoModel());
  }

  private static int[] tokens(int count) {
    return IntStream.range(6, 6 + count).toArray();
  }

  private static List<RowResult> take(EngineClient client, int count) {
    return IntStream.range(0, count).mapToObj(i -> take(client)).toList();
  }

  private static RowResult take(EngineClient client) {
    try {
      return client.take();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What good rows give, whatever else is in the wave. */
  private static List<RowRequest> goodRows(int firstKey) {
    List<int[]> prompts = TestEngines.prompts(21, 3, 3, 9);
    return IntStream.range(0, 3)
        .mapToObj(i -> TestEngines.request(firstKey + i, prompts.get(i), 4))
        .toList();
  }

  /** Runs bad rows among good ones and returns the bad ones' results. */
  private static List<RowResult> amongGoodRows(Engine engine, List<RowRequest> bad) {
    List<RowRequest> rows = new ArrayList<>(bad);
    rows.addAll(goodRows(bad.size()));
    List<RowResult> results = TestEngines.run(engine, rows);
    List<RowResult> good = results.subList(bad.size(), rows.size());
    assertThat(good).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
    assertThat(good).allSatisfy(result -> assertThat(result.tokens()).hasSize(4));
    assertThat(good).extracting(RowResult::error).containsOnlyNulls();
    assertThat(engine.snapshot().failedRows()).isEqualTo(bad.size());
    assertThat(engine.snapshot().doneRows()).isEqualTo(good.size());
    assertThat(engine.isFailed()).isFalse();
    return results.subList(0, bad.size());
  }

  @Test
  void rowsThatCannotEnterAreToldWhyAndLeaveTheOthersAlone() {
    try (Engine engine = Engine.start(options().build())) {
      List<RowResult> bad =
          amongGoodRows(
              engine,
              List.of(
                  TestEngines.request(0, new int[0], 4),
                  TestEngines.request(1, tokens(CONTEXT), 4),
                  TestEngines.request(2, tokens(3 * CONTEXT), 4),
                  TestEngines.request(3, new int[] {6, 7, VOCABULARY, 8}, 4),
                  TestEngines.request(4, new int[] {6, -1}, 4)));
      assertThat(bad).extracting(RowResult::reason).containsOnly(FinishReason.ERROR);
      assertThat(bad).allSatisfy(result -> assertThat(result.tokens()).isEmpty());
      String tooLong = " tokens, but the model's context holds 1024 and at least one is generated";
      String unknown = ", but the model's vocabulary has 8192 tokens";
      assertThat(bad)
          .extracting(RowResult::error)
          .containsExactly(
              "the prompt has no tokens",
              "the prompt has 1024" + tooLong,
              "the prompt has 3072" + tooLong,
              "the prompt has token 8192" + unknown,
              "the prompt has token -1" + unknown);
    }
  }

  @Test
  void theContextEndsGeneration() {
    try (Engine engine = Engine.start(options().build())) {
      RowResult result =
          TestEngines.run(engine, List.of(TestEngines.request(0, tokens(CONTEXT - 2), 50))).get(0);
      assertThat(result.reason()).isEqualTo(FinishReason.LENGTH);
      assertThat(result.tokens()).hasSize(2);
    }
  }

  @Test
  void aRowThatIsTooLongForThePoolIsToldSo() {
    TestEngines.OptionsBuilder options = options().tileBytes(64 << 10);
    long least = TestEngines.leastHostMemory(options);
    try (Engine engine = Engine.start(options.hostMemory(least).build())) {
      List<RowResult> bad =
          amongGoodRows(engine, List.of(TestEngines.request(0, tokens(100), 900)));
      assertThat(bad.get(0).reason()).isEqualTo(FinishReason.ERROR);
      assertThat(bad.get(0).error())
          .startsWith("prompt and completion need 999 tokens, but the memory plan's KV pool holds ")
          .endsWith("; give more memory or fewer new tokens");
      assertThat(bad.get(0).mayMend()).as("with more memory").isTrue();
    }
  }

  /** Rows take turns where the pool does not hold them all. */
  @Test
  void rowsWaitForRoomInThePool() {
    TestEngines.OptionsBuilder options = options().tileBytes(64 << 10).waveSize(8);
    long least = TestEngines.leastHostMemory(options);
    try (Engine engine = Engine.start(options.hostMemory(least).build())) {
      List<RowRequest> rows =
          IntStream.range(0, 8).mapToObj(i -> TestEngines.request(i, tokens(180), 3)).toList();
      List<RowResult> results = TestEngines.run(engine, rows);
      assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
      int[] first = results.get(0).tokens();
      assertThat(results).allSatisfy(result -> assertThat(result.tokens()).isEqualTo(first));
      assertThat(engine.snapshot().sweeps()).isGreaterThan(3 * 3);
    }
  }

  @Test
  void anErrorOfAStopConditionEndsItsRowOnly() {
    try (Engine engine = Engine.start(options().build())) {
      RowRequest failing =
          TestEngines.request(
              0,
              tokens(3),
              9,
              (generated, count) -> {
                if (count == 2) {
                  throw new RowException("no such text");
                }
                return false;
              });
      RowResult bad = amongGoodRows(engine, List.of(failing)).get(0);
      assertThat(bad.reason()).isEqualTo(FinishReason.ERROR);
      assertThat(bad.error()).isEqualTo("no such text");
    }
  }

  @Test
  void anErrorOfAPromptEndsItsRowOnly() {
    PromptTokens unreadable =
        new PromptTokens() {
          @Override
          public int length() {
            return 3;
          }

          @Override
          public void copyTo(int[] target) {
            throw new RowException("the prompt cannot be read");
          }
        };
    try (Engine engine = Engine.start(options().build())) {
      RowRequest good = TestEngines.request(0, tokens(3), 2);
      RowRequest failing = new RowRequest(0, unreadable, good.ask());
      assertThat(amongGoodRows(engine, List.of(failing)).get(0).error())
          .isEqualTo("the prompt cannot be read");
    }
  }

  @Test
  void anErrorOfAnObserverEndsItsRowOnly() {
    LogitsObserver failing =
        new LogitsObserver() {
          @Override
          public boolean everyPosition() {
            return false;
          }

          @Override
          public void logits(int position, FloatBuffer logits) {
            throw new RowException("cannot be scored");
          }
        };
    try (Engine engine = Engine.start(options().build())) {
      RowRequest row = TestEngines.observed(0, tokens(3), 1, failing);
      assertThat(amongGoodRows(engine, List.of(row)).get(0).error()).isEqualTo("cannot be scored");
    }
  }

  @Test
  void observedPromptsShareTheRowsOfLogits() {
    TestEngines.OptionsBuilder options = options().waveSize(2);
    try (Engine engine = Engine.start(options.build())) {
      List<RowResult> results =
          TestEngines.run(
              engine,
              List.of(
                  TestEngines.observed(0, tokens(7), 1, new RecordedLogits()),
                  new RowRequest(
                      1,
                      PromptTokens.of(tokens(5)),
                      new SamplingOptions(1, 1, 1, 0, 1, 0, List.of(), true),
                      0,
                      (generated, count) -> false)));
      assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
    }
  }

  @Test
  void aClientThatLeavesFreesItsRowsAndTheOthersFinish() {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    try (Engine engine = Engine.start(options().waveSize(6).build())) {
      EngineClient leaves = engine.open();
      try (EngineClient stays = engine.open()) {
        leaves.submit(
            TestEngines.request(
                0,
                tokens(4),
                900,
                (generated, count) -> {
                  if (count == 2) {
                    reached.countDown();
                    await(left);
                  }
                  return false;
                }));
        leaves.submit(TestEngines.request(1, tokens(5), 900));
        leaves.submit(TestEngines.request(2, tokens(6), 900));
        goodRows(0).forEach(stays::submit);
        await(reached);
        leaves.close();
        left.countDown();
        assertThat(take(stays, 3)).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);

        // Rows of the one that left went through two sweeps: their prompts, and one token each.
        long expected = 4 + 5 + 6 + 3;
        for (RowRequest row : goodRows(0)) {
          expected += row.prompt().length() + 3;
        }
        assertThat(engine.snapshot().tokenSlots()).isEqualTo(expected);
        assertThat(engine.snapshot().doneRows()).isEqualTo(3);

        // Their places in the wave and in the pool are free again.
        IntStream.range(0, 6).forEach(i -> stays.submit(TestEngines.request(i, tokens(100), 2)));
        assertThat(take(stays, 6)).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
        assertThat(engine.snapshot().sweeps()).isEqualTo(4 + 2);
      }
      assertThatThrownBy(leaves::take).hasMessage("the client is closed");
    }
  }

  private static Path copyOfDemoModel(Path directory) throws IOException {
    return copy(TestEngines.demoModel(), directory);
  }

  private static Path copy(Path model, Path directory) throws IOException {
    try (var files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName().toString()));
      }
    }
    return directory;
  }

  private static void truncate(Path file) throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.setLength(access.length() / 2);
    }
  }

  @Test
  void aShardThatIsCutShortFailsAllClientsWithFileAndOffset(@TempDir Path directory)
      throws IOException {
    String shard = "model-00002-of-00003.safetensors";
    Path model = copyOfDemoModel(directory);
    try (Engine engine = Engine.start(TestEngines.options(model).tileBytes(1 << 16).build())) {
      TestEngines.run(engine, goodRows(0));
      truncate(model.resolve(shard));
      try (EngineClient first = engine.open();
          EngineClient second = engine.open()) {
        goodRows(0).forEach(first::submit);
        goodRows(0).forEach(second::submit);
        CompletableFuture<RowResult> other = CompletableFuture.supplyAsync(() -> take(second));
        Pattern message =
            Pattern.compile("the engine failed: .*" + Pattern.quote(shard) + ".* offset \\d+.*");
        assertThatThrownBy(() -> take(first))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageMatching(message.pattern());
        assertThatThrownBy(other::get)
            .isInstanceOf(ExecutionException.class)
            .cause()
            .hasMessageMatching(message.pattern());
        assertThatThrownBy(() -> take(first))
            .cause()
            .isInstanceOf(StrataException.class)
            .extracting(e -> ((StrataException) e).fault())
            .isEqualTo(StrataException.Fault.MODEL);
        assertThat(engine.isFailed()).isTrue();
        assertThatThrownBy(() -> goodRows(0).forEach(first::submit))
            .hasMessageMatching(message.pattern());
        assertThatThrownBy(first::poll).hasMessageMatching(message.pattern());
        assertThatThrownBy(engine::open).hasMessageMatching(message.pattern());
      }
      assertThat(engine.snapshot().doneRows()).isEqualTo(3);
    }
  }

  /**
   * Changes a model's file when its first token has been chosen, and returns what a client hears.
   */
  private static Throwable afterChange(Path model, ThrowingConsumer<Path> change)
      throws IOException {
    Path shard = model.resolve("model-00001-of-00003.safetensors");
    Files.setLastModifiedTime(shard, FileTime.fromMillis(1_700_000_000_000L)); // a copy keeps it
    try (Engine engine = Engine.start(TestEngines.options(model).build());
        EngineClient client = engine.open()) {
      client.submit(
          TestEngines.request(
              0,
              tokens(4),
              900,
              (generated, count) -> {
                if (count == 1) {
                  change.accept(shard);
                }
                return count == 2;
              }));
      return catchThrowable(() -> take(client));
    }
  }

  private static void assertModelFault(Throwable told, String sentence) {
    assertThat(told)
        .hasMessageMatching("the engine failed: " + sentence)
        .cause()
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.MODEL));
  }

  /** In place, so that its length is the same and the open file reads the new bytes. */
  @Test
  void weightsThatChangeUnderARunEndIt(@TempDir Path directory) throws IOException {
    Throwable told =
        afterChange(
            copyOfDemoModel(directory),
            shard -> {
              try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
                file.seek(file.length() / 2);
                file.write(new byte[1000]);
              }
            });
    assertModelFault(
        told,
        ".*model-00001-of-00003.safetensors was changed \\(at \\S+Z\\) while it was in use; leave a"
            + " model alone while runs read it, and start again");
  }

  @Test
  void weightsThatAreReplacedUnderARunEndIt(@TempDir Path directory) throws IOException {
    Throwable told =
        afterChange(
            copyOfDemoModel(directory),
            shard -> {
              Path other = shard.resolveSibling("other");
              Files.copy(shard, other, StandardCopyOption.COPY_ATTRIBUTES);
              Files.move(other, shard, StandardCopyOption.REPLACE_EXISTING);
            });
    assertModelFault(told, ".*00001-of-00003.safetensors was replaced while it was in use; .*");
  }

  @Test
  void weightsThatAreRemovedUnderARunEndIt(@TempDir Path directory) throws IOException {
    Throwable told = afterChange(copyOfDemoModel(directory), Files::delete);
    assertModelFault(told, ".*00001-of-00003.safetensors was removed while it was in use; .*");
  }

  private static void writeNotFinite(Path model, Function<DecoderSpec, WeightSpec> which, int row)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(model.toString())) {
      Weight weight = checkpoint.weight(which.apply(checkpoint.spec()));
      byte[] notFinite = new byte[(int) weight.rowBytes()];
      Arrays.fill(notFinite, (byte) 0xff);
      try (RandomAccessFile file =
          new RandomAccessFile(model.resolve(weight.file()).toFile(), "rw")) {
        file.seek(weight.offset() + row * weight.rowBytes());
        file.write(notFinite);
      }
    }
  }

  @Test
  void logitsThatAreNotFiniteInAllRowsEndTheRun(@TempDir Path directory) throws IOException {
    Path model = copyOfDemoModel(directory);
    writeNotFinite(model, spec -> spec.head().norm(), 0);
    for (int wave : new int[] {0, 1}) {
      try (Engine engine = Engine.start(TestEngines.options(model).waveSize(wave).build());
          EngineClient client = engine.open()) {
        goodRows(0).forEach(client::submit);
        assertModelFault(
            catchThrowable(() -> take(client, 3)),
            "the model computed logits that are not finite in all of the last [23] rows: weights"
                + " are damaged or too large .*");
      }
    }
  }

  @Test
  void logitsThatAreNotFiniteInSomeRowsAreTheirErrors(@TempDir Path directory) throws IOException {
    Path model =
        copy(Path.of("src/test/resources/goldens/llama"), directory); // it has its own head
    int token = 100;
    writeNotFinite(model, DecoderSpec::embedding, token);
    try (Engine engine = Engine.start(TestEngines.options(model).build())) {
      List<RowResult> results =
          TestEngines.run(
              engine,
              List.of(
                  TestEngines.request(0, new int[] {6, token}, 4),
                  TestEngines.request(1, tokens(5), 4),
                  TestEngines.request(2, new int[] {token, 7}, 4)));
      assertThat(results)
          .extracting(RowResult::error)
          .containsExactly(NOT_FINITE, null, NOT_FINITE);
      // A single row says nothing about the model.
      RowRequest row = TestEngines.request(0, new int[] {token}, 4);
      assertThat(TestEngines.run(engine, List.of(row)).get(0).error()).isEqualTo(NOT_FINITE);
      RowRequest good = TestEngines.request(0, tokens(3), 4);
      assertThat(TestEngines.run(engine, List.of(good)).get(0).error()).isNull();
    }
  }

  @Test
  void anErrorOfTheJvmIsToldAsASentenceWithoutItself() {
    try (Engine engine = Engine.start(options().build());
        EngineClient client = engine.open()) {
      client.submit(
          TestEngines.request(
              0,
              tokens(4),
              9,
              (generated, count) -> {
                throw new OutOfMemoryError("Java heap space");
              }));
      // Spark looks for errors among causes, and ends the process without a word.
      assertThatThrownBy(() -> take(client))
          .hasMessageStartingWith("the engine failed: the JVM is out of memory (Java heap space); ")
          .cause()
          .isInstanceOf(StrataException.class)
          .hasNoCause();
    }
  }

  @Test
  void closingWithUnfinishedRowsTellsTheirClient() {
    CountDownLatch running = new CountDownLatch(1);
    Engine engine = Engine.start(options().waveSize(1).build());
    EngineClient client = engine.open();
    client.submit(
        TestEngines.request(
            0,
            tokens(4),
            1000,
            (generated, count) -> {
              running.countDown();
              return false;
            }));
    client.submit(TestEngines.request(1, tokens(4), 1000));
    await(running);
    CompletableFuture<RowResult> waiting = CompletableFuture.supplyAsync(() -> take(client));
    engine.close();
    assertThatThrownBy(waiting::get).cause().hasMessage("the engine is closed");
    assertThat(engine.isFailed()).isFalse();
    assertThatThrownBy(engine::open).hasMessage("the engine is closed");
    client.close();
  }

  @Test
  void closingAnEngineThatNeverStartedSweepingEnds() {
    Engine engine = Engine.start(options().build());
    EngineClient client = engine.open();
    client.submit(TestEngines.request(0, tokens(4), 10));
    engine.close();
    assertThat(engine.snapshot().sweeps()).isZero();
    assertThatThrownBy(client::poll).hasMessage("the engine is closed");
  }

  /** Eight rows of one client, their keys from 0 for every client. */
  private static List<int[]> prompts(int client) {
    return TestEngines.prompts(100 + client, 8, 2, 12);
  }

  private static List<List<Integer>> texts(List<RowResult> results) {
    return results.stream().map(r -> IntStream.of(r.tokens()).boxed().toList()).toList();
  }

  @Test
  void clientsShareWavesAndEachGetsItsOwnRows() {
    int clients = 4;
    List<List<List<Integer>>> alone = new ArrayList<>();
    try (Engine engine = Engine.start(options().build())) {
      for (int i = 0; i < clients; i++) {
        alone.add(texts(TestEngines.run(engine, TestEngines.requests(prompts(i), 5))));
      }
      // None of these texts may turn out otherwise in another wave.
      assertThat(engine.snapshot().lowMargins()).isZero();
    }
    try (Engine engine = Engine.start(options().waveSize(8 * clients).build())) {
      List<EngineClient> opened = IntStream.range(0, clients).mapToObj(i -> engine.open()).toList();
      List<CompletableFuture<List<List<Integer>>>> texts =
          IntStream.range(0, clients)
              .mapToObj(i -> CompletableFuture.supplyAsync(() -> runIn(opened.get(i), prompts(i))))
              .toList();
      for (int i = 0; i < clients; i++) {
        assertThat(texts.get(i).join()).as("client %d", i).isEqualTo(alone.get(i));
      }
      EngineSnapshot done = engine.snapshot();
      assertThat(done.sweeps()).isEqualTo(5);
      assertThat(done.doneRows()).isEqualTo(8L * clients);
    }
  }

  private static List<List<Integer>> runIn(EngineClient client, List<int[]> prompts) {
    TestEngines.requests(prompts, 5).forEach(client::submit);
    RowResult[] results = new RowResult[prompts.size()];
    for (RowResult result : take(client, prompts.size())) {
      results[(int) result.key()] = result;
    }
    assertThat(client.unfinished()).isZero();
    return texts(List.of(results));
  }

  @Test
  void optionsThatMakeNoSenseAreTheUsersMove() {
    EngineOptions noDevice =
        new EngineOptions(
            TestEngines.demoModel().toString(),
            "abacus",
            0,
            1 << 30,
            "float32",
            0,
            0,
            0,
            1,
            -1,
            0,
            false,
            "auto",
            "cached");
    assertThatThrownBy(() -> Engine.start(noDevice))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.USAGE))
        .hasMessageContaining("abacus");
  }
}
