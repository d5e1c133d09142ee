package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
 * the repository's root.
 */
class TestGoldens {

  private static final double TOLERANCE = 1e-3;

  private static final Set<String> COMPARED = new TreeSet<>();
  private static final Set<String> NOT_SUPPORTED = new TreeSet<>();

  static Stream<Path> goldens() throws IOException {
    Path root = Path.of(System.getProperty("strata.root", ".."));
    String goldens = System.getProperty("strata.goldens", "udfs/src/test/resources/goldens");
    try (Stream<Path> directories = Files.list(root.resolve(goldens))) {
      return directories.filter(Files::isDirectory).sorted().toList().stream();
    }
  }

  @AfterAll
  static void summarise() {
    System.out.printf(
        "goldens: %d compared, %d unsupported%n", COMPARED.size(), NOT_SUPPORTED.size());
  }

  @Test
  void familiesOfTheseGoldensAreSupported() {
    assertThat(ModelConfig.families()).contains("llama", "mistral", "qwen2", "qwen3");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void agreesWithTransformers(Path directory) {
    Golden golden = Golden.read(directory);
    if (!ModelConfig.families().contains(golden.modelType())) {
      assertThat(openFailure(directory)).hasMessageContaining(golden.modelType());
      NOT_SUPPORTED.add(golden.family());
      return;
    }
    for (long tileBytes : new long[] {0, 4096}) {
      oneByOne(directory, golden, tileBytes);
      inOneWave(directory, golden, tileBytes);
    }
    COMPARED.add(golden.family());
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

  private static void oneByOne(Path directory, Golden golden, long tileBytes) {
    try (Engine engine = Engine.start(options(directory, tileBytes))) {
      for (Golden.Case expected : golden.cases()) {
        compare(engine, List.of(expected));
      }
    }
  }

  private static void inOneWave(Path directory, Golden golden, long tileBytes) {
    try (Engine engine = Engine.start(options(directory, tileBytes))) {
      compare(engine, golden.cases());
    }
  }

  private static EngineOptions options(Path directory, long tileBytes) {
    return TestEngines.options(directory).tileBytes(tileBytes).build();
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
    List<GenerationRequest> requests =
        IntStream.range(0, sequences.size())
            .mapToObj(i -> TestEngines.observed(i, sequences.get(i), 1, logits.get(i)))
            .toList();
    TestEngines.run(engine, requests);
    return logits;
  }

  private static List<int[]> generate(Engine engine, List<Golden.Case> cases) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (Golden.Case expected : cases) {
      int[] prompt = array(expected.prompt());
      requests.add(TestEngines.request(requests.size(), prompt, expected.greedy().size()));
    }
    List<GenerationResult> results = TestEngines.run(engine, requests);
    assertThat(results).extracting(GenerationResult::reason).containsOnly(FinishReason.LENGTH);
    return results.stream().map(GenerationResult::tokens).toList();
  }

  private static int[] array(List<Integer> tokens) {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }
}
