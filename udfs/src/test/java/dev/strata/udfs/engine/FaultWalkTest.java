package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.CloseTo.closeTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.NativeFaults;
import dev.strata.udfs.tensor.NativeFaults.Call;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kernel call and every allocation of an engine fails once, one at a time. A shortage of
 * memory ends in smaller micro-batches and the same rows, anything else in a failure that the
 * clients are told at once; nothing is left open.
 *
 * <p>Of the calls of a kernel the first and some are walked, or all with {@code
 * -Dstrata.long=true}.
 */
@Timeout(300)
class FaultWalkTest {

  private static final Duration LONGEST_RUN = Duration.ofSeconds(60);
  private static final ModelShape SHAPE = new ModelShape("walked", 96, 16, 32, 2, 1, 8, 1);
  private static final int NEW_TOKENS = 2;
  private static final boolean ALL = Boolean.getBoolean("strata.long");
  private static final int STEP = 64;
  private static final int FAILURE_STEP = 192;

  /** As PyTorch and Java say it; each call fails with one of them. */
  private static final List<Supplier<Throwable>> SHORTAGES =
      List.of(
          () -> new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 MiB. GPU 0"),
          () -> new IllegalStateException("RuntimeError: CUDA error: out of memory"),
          () -> new IllegalArgumentException("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"),
          () -> new IllegalStateException("DefaultCPUAllocator: can't allocate memory: you tried"),
          () -> new OutOfMemoryError("Cannot reserve 4096 bytes of direct buffer memory"));

  private static final List<Supplier<Throwable>> FAILURES =
      List.of(
          () -> new IllegalStateException("no such kernel"),
          () -> new StackOverflowError(),
          () -> new NoClassDefFoundError("ai/djl/Gone"),
          () -> new InternalError("a fault of the machine"));

  @TempDir static Path models;

  /** Threads of engines that other tests of this JVM keep. */
  private static Set<Thread> others;

  @BeforeAll
  static void write() throws IOException {
    others = Thread.getAllStackTraces().keySet();
    for (int layers = 1; layers <= 2; layers++) {
      RandomCheckpoint.write(model(layers), SHAPE.withLayers(layers), 3);
    }
    RewrittenGolden.of(TestEngines.golden("qwen2-moe"))
        .withFirstLayers(1)
        .write(models.resolve("mixture"));
    RewrittenGolden.of(TestEngines.golden("qwen3-5"))
        .withLayers(2, 3)
        .write(models.resolve("hybrid"));
  }

  private static Path model(int layers) {
    return models.resolve("layers-" + layers);
  }

  /**
   * A plan.
   *
   * @param readsAhead whether experts are read ahead that are not chosen then, and some change
   *     places in memory
   * @param facts what its description says
   */
  record Plan(EngineOptions options, boolean readsAhead, List<String> facts) {

    Plan(EngineOptions options, String... facts) {
      this(options, false, List.of(facts));
    }

    boolean isQuantized() {
      return options.kvType().equals("int8");
    }

    @Override
    public String toString() {
      return options.device()
          + (readsAhead ? ", experts ahead, " : ", ")
          + String.join(", ", facts);
    }
  }

  private static TestEngines.OptionsBuilder options(int layers) {
    return TestEngines.options(model(layers))
        .waveSize(4)
        .microBatchTokens(16)
        .tileBytes(1024)
        .rowTokens(100)
        .hostMemory(8 << 20);
  }

  /** Both loop orders, on the host and on a device apart, where keys and values may pass. */
  static Stream<Plan> plans() {
    Plan resident = hybrid("staged", 100, "keys and values on the device", "states on the device");
    return Stream.concat(ALL ? Stream.of(resident) : Stream.empty(), quickPlans());
  }

  private static Stream<Plan> quickPlans() {
    return Stream.of(
        new Plan(options(1).tileBytes(512).hostMemory(2 << 20).build(), "ring of 8 slots"),
        new Plan(
            options(1)
                .device("staged")
                .deviceMemory(14 << 20)
                .hostMemory(1 << 20)
                .weightsMemory(0)
                .build(),
            "ring of 4 tiles",
            "keys and values on the device"),
        passing(1, "auto"),
        passing(2, "int8"),
        mixture("staged", 18, "ring of 4 tiles"),
        mixture("cpu", 18, "ring of"),
        ahead("staged"),
        ahead("cpu"),
        hybrid("staged", 100_000, "keys and values in host memory", "states in host memory"),
        hybrid("cpu", 100, "ring of"));
  }

  /** Experts past which micro-batches stream, or whose tiles pass again for each. */
  private static Plan mixture(String device, int deviceMegabytes, String fact) {
    return new Plan(
        TestEngines.options(models.resolve("mixture"))
            .device(device)
            .waveSize(4)
            .microBatchTokens(8)
            .tileBytes(2048)
            .rowTokens(100)
            .deviceMemory((long) deviceMegabytes << 20)
            .hostMemory(16 << 20)
            .weightsMemory(0)
            .build(),
        fact);
  }

  /** Some experts stay in memory, others are read before the router has run. */
  private static Plan ahead(String device) {
    return new Plan(
        TestEngines.options(models.resolve("mixture"))
            .device(device)
            .waveSize(4)
            .microBatchTokens(16)
            .tileBytes(4096)
            .rowTokens(100)
            .deviceMemory(24 << 20)
            .hostMemory(32 << 20)
            .weightsMemory(82 << 10)
            .build(),
        true,
        List.of("ring of"));
  }

  /** States go on in some layers, or all, before a call fails; the sweep's sequences begin anew. */
  private static Plan hybrid(String device, int rowTokens, String... facts) {
    return new Plan(
        TestEngines.options(models.resolve("hybrid"))
            .device(device)
            .waveSize(4)
            .microBatchTokens(8)
            .tileBytes(4096)
            .rowTokens(rowTokens)
            .deviceMemory(24L << 20)
            .hostMemory(32 << 20)
            .weightsMemory(0)
            .build(),
        facts);
  }

  /** Tiles pass again for each micro-batch, and so do keys and values. */
  private static Plan passing(int layers, String kvType) {
    return new Plan(
        options(layers)
            .device("staged")
            .tileBytes(512)
            .rowTokens(100_000)
            .deviceMemory(16 << 20)
            .hostMemory(4 << 20)
            .kvType(kvType)
            .build(),
        "ring of 4 tiles",
        "keys and values in host memory");
  }

  record Outcome(List<List<Integer>> texts, RecordedLogits logits, List<float[]> values) {}

  /** All tokens of a text choose alike, and those of the third otherwise. */
  private static final List<Integer> TEXTS = List.of(7, 7, 41);

  private static Outcome run(Plan plan, Engine engine) {
    for (int token : plan.readsAhead() ? TEXTS : List.<Integer>of()) {
      int[] text = IntStream.generate(() -> token).limit(60).toArray();
      var unused = TestEngines.run(engine, List.of(TestEngines.asking(0, text, new Ask.Score(1))));
    }
    return run(engine);
  }

  static Outcome run(Engine engine) {
    RecordedLogits logits = new RecordedLogits();
    List<RowRequest> requests =
        List.of(
            TestEngines.request(0, tokens(6, 20), NEW_TOKENS),
            TestEngines.observed(1, tokens(30, 4), NEW_TOKENS, logits),
            TestEngines.request(2, tokens(40, 3), NEW_TOKENS),
            TestEngines.asking(
                3, tokens(50, 5), new Ask.Choose(List.of(tokens(7, 3), tokens(9, 2)))),
            TestEngines.asking(4, tokens(60, 5), new Ask.Embed()),
            TestEngines.asking(5, tokens(70, 6), new Ask.Score(1)));
    List<RowResult> results = TestEngines.run(engine, requests);
    assertThat(results)
        .extracting(RowResult::reason)
        .containsExactly(
            FinishReason.LENGTH,
            FinishReason.LENGTH,
            FinishReason.LENGTH,
            FinishReason.STOP,
            FinishReason.STOP,
            FinishReason.STOP);
    return new Outcome(
        results.stream().map(r -> IntStream.of(r.tokens()).boxed().toList()).toList(),
        logits,
        results.stream().map(RowResult::values).toList());
  }

  private static int[] tokens(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }

  static Engine start(Plan plan, NativeFaults faults) {
    return Engine.start(
        plan.options(),
        options -> faults.open(options.device(), options.computeType(), options.threads()));
  }

  /** Host memory may come on a thread of its own, while the engine starts or sweeps. */
  private static final String HOST_MEMORY = "empty_host";

  /** What an engine does when nothing fails. */
  private record Undisturbed(
      Outcome outcome, List<Call> starting, List<Call> sweeping, int hostMemories) {

    static Undisturbed of(Plan plan) {
      NativeFaults faults = new NativeFaults();
      try (Engine engine = start(plan, faults)) {
        assertThat(engine.describePlan()).contains(plan.facts().toArray(String[]::new));
        Map<String, Integer> started = faults.calls();
        Outcome outcome = run(plan, engine);
        if (plan.readsAhead()) { // whether any of it is in vain is a matter of time
          assertThat(engine.snapshot().keptExpertBytes()).isPositive();
        }
        return new Undisturbed(
            outcome,
            between(Map.of(), started),
            between(started, faults.calls()),
            faults.calls().get(HOST_MEMORY));
      }
    }

    /** Calls one by one; of many equal ones the first, the last, and some. */
    List<Call> startingSampled() {
      Map<String, Long> counts =
          starting.stream().collect(Collectors.groupingBy(Call::name, Collectors.counting()));
      return starting.stream()
          .filter(
              call ->
                  call.number() < (ALL ? 10 : 3)
                      || (ALL && call.number() % 100 == 0)
                      || call.number() == counts.get(call.name()) - 1)
          .toList();
    }

    /** The first call of each kernel, and one in so many. */
    List<Call> sweepingSampled(int step) {
      return IntStream.range(0, sweeping.size())
          .filter(i -> ALL || i % step == 0 || isFirst(i))
          .mapToObj(sweeping::get)
          .toList();
    }

    private boolean isFirst(int index) {
      return index == 0 || !sweeping.get(index - 1).name().equals(sweeping.get(index).name());
    }

    private static List<Call> between(Map<String, Integer> begin, Map<String, Integer> end) {
      List<Call> calls = new ArrayList<>();
      end.keySet().stream()
          .filter(name -> !name.equals(HOST_MEMORY))
          .sorted()
          .forEach(
              name ->
                  IntStream.range(begin.getOrDefault(name, 0), end.get(name))
                      .forEach(number -> calls.add(new Call(name, number))));
      return calls;
    }
  }

  private static <T> T of(List<T> list, int index) {
    return list.get(index % list.size());
  }

  @ParameterizedTest
  @MethodSource("plans")
  void aShortageAnywhereInASweepHalvesMicroBatches(Plan plan) {
    Undisturbed undisturbed = Undisturbed.of(plan);
    List<Call> calls = undisturbed.sweepingSampled(STEP);
    for (int i = 0; i < calls.size(); i++) {
      sameRows(plan, calls.get(i), of(SHORTAGES, i), undisturbed.outcome());
    }
  }

  private static void sameRows(
      Plan plan, Call call, Supplier<Throwable> shortage, Outcome expected) {
    NativeFaults faults = new NativeFaults();
    faults.fail(call, shortage);
    Outcome outcome =
        inTime(
            call,
            () -> {
              try (Engine engine = start(plan, faults)) {
                return run(plan, engine);
              }
            });
    assertThat(faults.hasFailed()).as("%s", call).isTrue();
    assertThat(outcome.texts()).as("%s", call).isEqualTo(expected.texts());
    if (!plan.isQuantized()) {
      assertSameLogits(call, outcome.logits(), expected.logits());
      for (int i = 0; i < expected.values().size(); i++) {
        assertThat(outcome.values().get(i))
            .as("%s", call)
            .is(closeTo(expected.values().get(i), 1e-4f));
      }
    }
  }

  private static void assertSameLogits(Call call, RecordedLogits actual, RecordedLogits expected) {
    assertThat(actual.positions()).as("%s", call).isEqualTo(expected.positions());
    for (int position : expected.positions()) {
      assertThat(actual.at(position)).as("%s", call).is(closeTo(expected.at(position), 1e-4f));
    }
  }

  /** A hang is a failure too. */
  private static <T> T inTime(Call call, Supplier<T> run) {
    return assertTimeoutPreemptively(LONGEST_RUN, run::get, call::toString);
  }

  @ParameterizedTest
  @MethodSource("plans")
  void anyOtherFailureInASweepIsToldToTheClients(Plan plan) {
    List<Call> calls = Undisturbed.of(plan).sweepingSampled(FAILURE_STEP);
    for (int i = 0; i < calls.size(); i++) {
      endsTheEngine(plan, calls.get(i), of(FAILURES, i));
    }
  }

  private static void endsTheEngine(Plan plan, Call call, Supplier<Throwable> problem) {
    NativeFaults faults = new NativeFaults();
    faults.fail(call, problem);
    inTime(
        call,
        () -> {
          try (Engine engine = start(plan, faults)) {
            assertThat(catchThrowable(() -> run(plan, engine)))
                .as("%s", call)
                .hasStackTraceContaining(problem.get().toString());
            assertThat(engine.isFailed()).isTrue();
          }
          return null;
        });
  }

  @ParameterizedTest
  @MethodSource("plans")
  void whatFailsAtTheStartLeavesNothingBehind(Plan plan) {
    List<Call> calls = Undisturbed.of(plan).startingSampled();
    for (int i = 0; i < calls.size(); i++) {
      Throwable refused = startFailure(plan, calls.get(i), of(SHORTAGES, i));
      assertThat(refused)
          .as("%s", calls.get(i))
          .isInstanceOf(StrataException.class)
          .hasMessageMatching(
              "less memory is free than spark.strata.device.memory and spark.strata.host.memory"
                  + " say \\(.+\\); end what else uses it, or set them lower");
      Supplier<Throwable> problem = of(FAILURES, i);
      assertThat(startFailure(plan, calls.get(i), problem))
          .as("%s", calls.get(i))
          .hasStackTraceContaining(problem.get().toString());
    }
  }

  /** What closing finds open is told beside the failure. */
  private static Throwable startFailure(Plan plan, Call call, Supplier<Throwable> problem) {
    NativeFaults faults = new NativeFaults();
    faults.fail(call, problem);
    Throwable failure = inTime(call, () -> catchThrowable(() -> start(plan, faults)));
    assertNothingIsLeft(call, failure, problem.get());
    return failure;
  }

  /** An error is no cause of what is told of it, but suppressed. */
  private static void assertNothingIsLeft(Call call, Throwable failure, Throwable problem) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    assertThat(trace.toString().lines())
        .as("%s", call)
        .noneMatch(line -> line.contains("Suppressed: ") && !line.endsWith(problem.toString()));
  }

  /** Smaller micro-batches are no help: the memory is the engine's from its start to its end. */
  @ParameterizedTest
  @MethodSource("plans")
  void hostMemoryThatIsNotToBeHadIsRefused(Plan plan) {
    int calls = Undisturbed.of(plan).hostMemories();
    for (int i = 0; i < calls; i += ALL ? 1 : 2) {
      Call call = new Call(HOST_MEMORY, i);
      NativeFaults faults = new NativeFaults();
      faults.fail(call, of(SHORTAGES, i));
      Throwable failure =
          inTime(
              call,
              () ->
                  catchThrowable(
                      () -> {
                        try (Engine engine = start(plan, faults)) {
                          run(plan, engine);
                        }
                      }));
      assertThat(failure)
          .as("%s", call)
          .hasMessageMatching("(?s).*(less memory is free than|are not to be had; end what).*");
      assertNothingIsLeft(call, failure, of(SHORTAGES, i).get());
    }
  }

  /** Reads fail on the reading thread, some of tiles that stay and some of a sweep to come. */
  @ParameterizedTest
  @MethodSource("plans")
  void aShortageOfTheReadingThreadHalvesMicroBatches(Plan plan) {
    Outcome expected = Undisturbed.of(plan).outcome();
    for (long read = 0; read < 60; read += ALL ? 1 : 12) {
      FailingReads reads = new FailingReads(read, of(SHORTAGES, (int) read));
      Outcome outcome =
          inTime(
              new Call("read", (int) read),
              () -> {
                try (Engine engine = Engine.start(plan.options(), reads)) {
                  return run(plan, engine);
                }
              });
      assertThat(outcome.texts()).as("read %d", read).isEqualTo(expected.texts());
    }
  }

  private static final class FailingReads implements EngineListener {

    private final long failing;
    private final Supplier<Throwable> problem;

    FailingReads(long failing, Supplier<Throwable> problem) {
      this.failing = failing;
      this.problem = problem;
    }

    @Override
    public void readStarted(long tile) {
      if (tile == failing) {
        throwAny(problem.get());
      }
    }

    private static void throwAny(Throwable problem) {
      if (problem instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) problem;
    }

    @Override
    public void readEnded(long tile, long bytes) {}

    @Override
    public void kernelsStarted(long use) {}

    @Override
    public void kernelsEnded(long use) {}
  }

  /**
   * Keys and values are quantised by batch and layer on their way out, and back on their way in.
   */
  @ParameterizedTest
  @ValueSource(strings = {"quantize", "dequantize"})
  void aShortageWhereKeysAndValuesAreConvertedHalvesMicroBatches(String kernel) {
    Plan plan = passing(2, "int8");
    Undisturbed undisturbed = Undisturbed.of(plan);
    int calls = (int) undisturbed.sweeping().stream().filter(c -> c.name().equals(kernel)).count();
    for (int failing : new int[] {0, 2, calls - 1}) {
      for (Supplier<Throwable> shortage : SHORTAGES) {
        sameRows(plan, new Call(kernel, failing), shortage, undisturbed.outcome());
      }
    }
  }

  /** Threads of engines that are gone. */
  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("strata-") && !others.contains(thread)) {
        thread.join(LONGEST_RUN.toMillis());
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }
}
