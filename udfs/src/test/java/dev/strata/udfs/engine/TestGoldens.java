package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.RouterWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every checkpoint under {@code goldens} against the numbers that Hugging Face transformers gives
 * for it. {@code -Dstrata.goldens=DIR} takes another directory of the same form, absolute or within
 * the repository's root. On a device apart rows go alone as well with {@code -Dstrata.long=true}.
 */
class TestGoldens {

  private static final boolean ALL = Boolean.getBoolean("strata.long");

  private static final double TOLERANCE = 1e-3;

  /** Goldens whose weights are not plain numbers, and are read. */
  private static final Set<String> STORED =
      Set.of("quant-fp8-block", "quant-fp8-channel", "quant-mxfp4");

  private static final Set<String> COMPARED = new TreeSet<>();
  private static final Set<String> NOT_SUPPORTED = new TreeSet<>();

  /** In half types a router may choose otherwise where it was as close as this. */
  private static final double CLOSE_CHOICE = 0.01;

  private static final Set<String> EXCEPTED = new TreeSet<>();

  static Stream<Path> goldens() throws IOException {
    Path root = Path.of(System.getProperty("strata.root", ".."));
    String goldens = System.getProperty("strata.goldens", "udfs/src/test/resources/goldens");
    try (Stream<Path> directories = Files.list(root.resolve(goldens))) {
      return directories.filter(Files::isDirectory).sorted().toList().stream();
    }
  }

  static Stream<Path> supportedGoldens() throws IOException {
    return goldens().filter(directory -> whatIsNotRead(directory).isEmpty());
  }

  /** A family that is not there yet, or a way to store weights. */
  private static Optional<String> whatIsNotRead(Path directory) {
    Golden golden = Golden.read(directory);
    if (!ModelConfig.families().contains(golden.modelType())) {
      return Optional.of("model_type " + golden.modelType());
    }
    boolean isLater = golden.family().startsWith("quant-") && !STORED.contains(golden.family());
    return isLater ? Optional.of("has a quantization_config (") : Optional.empty();
  }

  @AfterAll
  static void summarise() {
    System.out.printf(
        "goldens: %d compared, %d unsupported%n", COMPARED.size(), NOT_SUPPORTED.size());
    System.out.printf("prompts with close choices of experts, excepted: %s%n", EXCEPTED);
  }

  @Test
  void familiesOfTheseGoldensAreSupported() {
    assertThat(ModelConfig.families()).contains("llama", "mistral", "qwen2", "qwen3");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void agreesWithTransformers(Path directory) {
    Golden golden = Golden.read(directory);
    Optional<String> reason = whatIsNotRead(directory);
    if (reason.isPresent()) {
      assertThat(openFailure(directory)).hasMessageContaining(reason.get());
      NOT_SUPPORTED.add(golden.family());
      return;
    }
    for (EngineOptions options : options(directory)) {
      oneByOneAndInOneWave(options, golden);
    }
    for (EngineOptions options : stagedOptions(directory)) {
      if (ALL) {
        oneByOneAndInOneWave(options, golden);
      } else {
        inOneWave(options, golden);
      }
    }
    for (EngineOptions options : smallMicroBatches(directory)) {
      inOneWave(options, golden);
    }
    COMPARED.add(golden.family());
  }

  /** Relative errors of the logits after each prompt, as norms. */
  @ParameterizedTest
  @MethodSource("supportedGoldens")
  void halfPrecisionIsWithinFivePercent(Path directory) {
    Golden golden = Golden.read(directory);
    List<Boolean> close = closeChoices(directory, golden);
    for (String type : List.of("bfloat16", "float16")) {
      for (String device : List.of(TestEngines.DEVICE, "staged")) {
        EngineOptions options =
            TestEngines.options(directory).device(device).computeType(type).build();
        try (Engine engine = Engine.start(options)) {
          List<int[]> prompts = golden.cases().stream().map(c -> array(c.prompt())).toList();
          List<RecordedLogits> scored = score(engine, prompts);
          for (int i = 0; i < prompts.size(); i++) {
            double error = relativeError(scored.get(i), golden.cases().get(i));
            if (error >= 0.05 && close.get(i)) {
              EXCEPTED.add(golden.family() + ", prompt " + i);
            } else {
              assertThat(error).as("%s on %s, prompt %d", type, device, i).isLessThan(0.05);
            }
          }
        }
      }
    }
  }

  /** Whether a router was close to choosing another expert, prompt by prompt. */
  private static List<Boolean> closeChoices(Path directory, Golden golden) {
    RouterWatch watch = new RouterWatch();
    List<Boolean> close = new ArrayList<>();
    EngineOptions options = TestEngines.options(directory).device("cpu").build();
    try (Engine engine =
        Engine.start(options, o -> watch.open(o.device(), o.computeType(), o.threads()))) {
      for (Golden.Case expected : golden.cases()) {
        watch.clear();
        var unused = score(engine, List.of(array(expected.prompt())));
        close.add(watch.choices().stream().anyMatch(c -> c.margin() < CLOSE_CHOICE));
      }
    }
    return close;
  }

  /** Keys and values in a byte each, which wait in the memory of a host apart. */
  @ParameterizedTest
  @MethodSource("supportedGoldens")
  void eightBitKeysAndValuesAreWithinFivePercent(Path directory) {
    Golden golden = Golden.read(directory);
    EngineOptions options =
        TestEngines.options(directory)
            .device("staged")
            .deviceMemory(64L << 20)
            .microBatchTokens(4)
            .rowTokens(100_000)
            .kvType("int8")
            .build();
    try (Engine engine = Engine.start(options)) {
      assertThat(engine.describePlan()).contains("keys and values in host memory");
      List<int[]> prompts = golden.cases().stream().map(c -> array(c.prompt())).toList();
      List<RecordedLogits> scored = score(engine, prompts);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(relativeError(scored.get(i), golden.cases().get(i)))
            .as("prompt %d", i)
            .isBetween(1e-6, 0.05);
      }
    }
  }

  private static double relativeError(RecordedLogits logits, Golden.Case expected) {
    float[] actual = logits.at(expected.prompt().size() - 1);
    double error = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      double value = expected.lastLogits().get(i);
      error += (actual[i] - value) * (actual[i] - value);
      norm += value * value;
    }
    return Math.sqrt(error / norm);
  }

  private static StrataException openFailure(Path directory) {
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      throw new AssertionError(directory + " opens as " + checkpoint.spec().family());
    } catch (StrataException e) {
      return e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<EngineOptions> options(Path directory) {
    TestEngines.OptionsBuilder options = TestEngines.options(directory);
    return List.of(options.build(), options.tileBytes(4096).build());
  }

  /** The host's memory as a device apart, that hardly holds anything. */
  private static List<EngineOptions> stagedOptions(Path directory) {
    TestEngines.OptionsBuilder staged = TestEngines.options(directory).device("staged");
    return List.of(
        staged.deviceMemory(100 << 20).build(),
        staged.tileBytes(4096).rowTokens(10_000).deviceMemory(25 << 20).build());
  }

  /** Several of which are a sweep. */
  private static List<EngineOptions> smallMicroBatches(Path directory) {
    TestEngines.OptionsBuilder options =
        TestEngines.options(directory).microBatchTokens(3).tileBytes(4096).weightsMemory(0);
    return List.of(
        options.build(), options.device("staged").deviceMemory(25 << 20).rowTokens(10_000).build());
  }

  private static void oneByOneAndInOneWave(EngineOptions options, Golden golden) {
    try (Engine engine = Engine.start(options)) {
      for (Golden.Case expected : golden.cases()) {
        compare(engine, List.of(expected));
      }
      compare(engine, golden.cases());
    }
  }

  static void inOneWave(EngineOptions options, Golden golden) {
    try (Engine engine = Engine.start(options)) {
      compare(engine, golden.cases());
    }
  }

  /** Scores the prompts, then scores them with the expected tokens behind them, then generates. */
  private static void compare(Engine engine, List<Golden.Case> cases) {
    List<int[]> prompts = cases.stream().map(c -> array(c.prompt())).toList();
    List<int[]> forced =
        cases.stream()
            .map(c -> array(Stream.concat(c.prompt().stream(), c.greedy().stream()).toList()))
            .toList();
    List<RecordedLogits> scored = score(engine, prompts);
    List<RecordedLogits> teacherForced = score(engine, forced);
    List<int[]> generated = generate(engine, cases);
    for (int i = 0; i < cases.size(); i++) {
      compareLogits(cases.get(i), scored.get(i));
      compareForced(cases.get(i), teacherForced.get(i));
      compareGenerated(cases.get(i), generated.get(i));
    }
  }

  private static void compareLogits(Golden.Case expected, RecordedLogits logits) {
    int last = expected.prompt().size() - 1;
    float[] actual = logits.at(last);
    assertThat(actual).hasSize(expected.lastLogits().size());
    for (int token = 0; token < actual.length; token++) {
      assertThat((double) actual[token])
          .as("logit of token %d", token)
          .isCloseTo(expected.lastLogits().get(token), within(TOLERANCE));
    }
    assertThat(expected.tokenLogprobs()).hasSize(last);
    for (int i = 0; i < last; i++) {
      assertThat(logits.logProbability(i, expected.prompt().get(i + 1)))
          .as("log-probability of prompt token %d", i + 1)
          .isCloseTo(expected.tokenLogprobs().get(i), within(TOLERANCE));
    }
  }

  private static void compareForced(Golden.Case expected, RecordedLogits logits) {
    for (int i = 0; i < expected.greedy().size(); i++) {
      if (expected.greedyMargin().get(i) > TOLERANCE) {
        assertThat(logits.best(expected.prompt().size() - 1 + i))
            .as("greedy token %d", i)
            .isEqualTo(expected.greedy().get(i));
      }
    }
  }

  private static void compareGenerated(Golden.Case expected, int[] generated) {
    for (int i = 0; i < generated.length; i++) {
      if (expected.greedyMargin().get(i) <= TOLERANCE) {
        return;
      }
      assertThat(generated[i]).as("generated token %d", i).isEqualTo(expected.greedy().get(i));
    }
    assertThat(generated).hasSize(expected.greedy().size());
  }

  private static List<RecordedLogits> score(Engine engine, List<int[]> sequences) {
    List<RecordedLogits> logits = sequences.stream().map(s -> new RecordedLogits()).toList();
    List<RowRequest> requests =
        IntStream.range(0, sequences.size())
            .mapToObj(i -> TestEngines.observed(i, sequences.get(i), 1, logits.get(i)))
            .toList();
    TestEngines.run(engine, requests);
    return logits;
  }

  private static List<int[]> generate(Engine engine, List<Golden.Case> cases) {
    List<RowRequest> requests = new ArrayList<>();
    for (Golden.Case expected : cases) {
      int[] prompt = array(expected.prompt());
      requests.add(TestEngines.request(requests.size(), prompt, expected.greedy().size()));
    }
    List<RowResult> results = TestEngines.run(engine, requests);
    assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
    return results.stream().map(RowResult::tokens).toList();
  }

  private static int[] array(List<Integer> tokens) {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }
}
