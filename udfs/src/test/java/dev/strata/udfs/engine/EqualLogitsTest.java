package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.SamplingOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A model whose tokens all have a twin, of the same embedding and so with the same logit: the lower
 * one is generated, whatever the tiles and the wave.
 */
@Timeout(300)
class EqualLogitsTest {

  private static final int VOCABULARY = 8192;
  private static final int TWIN = VOCABULARY / 2;
  private static final int EMBEDDING_BYTES = 256 * Short.BYTES;
  private static final int NEW_TOKENS = 4;
  private static final List<int[]> PROMPTS = TestEngines.prompts(51, 5, 3, 12);

  @TempDir static Path model;

  /** Rows whose text, from tiles of the plan's own choice, is what others shall be. */
  private static List<List<Integer>> expected;

  @BeforeAll
  static void giveEveryTokenATwin() throws IOException {
    try (Stream<Path> files = Files.list(TestEngines.demoModel())) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    // The embedding, which is the head as well, is the first of the file.
    Path shard = model.resolve("model-00001-of-00003.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    int begin = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() + Long.BYTES;
    System.arraycopy(bytes, begin, bytes, begin + TWIN * EMBEDDING_BYTES, TWIN * EMBEDDING_BYTES);
    Files.write(shard, bytes);
    expected = texts(TestEngines.options(model), 1);
  }

  private static List<List<Integer>> texts(TestEngines.OptionsBuilder options, double penalty) {
    List<RowRequest> requests = new ArrayList<>();
    for (int[] prompt : PROMPTS) {
      requests.add(
          new RowRequest(
              requests.size(),
              PromptTokens.of(prompt),
              new SamplingOptions(NEW_TOKENS, penalty, 0, 0, 1, 0, List.of(), true),
              0,
              (generated, count) -> false));
    }
    try (Engine engine = Engine.start(options.build())) {
      List<List<Integer>> texts =
          TestEngines.run(engine, requests).stream()
              .map(result -> IntStream.of(result.tokens()).boxed().toList())
              .toList();
      if (penalty == 1) {
        assertThat(engine.snapshot().lowMargins())
            .as("tokens with a twin beside them")
            .isEqualTo((long) PROMPTS.size() * NEW_TOKENS);
      }
      return texts;
    }
  }

  @Test
  void theLowerTwinIsGenerated() {
    assertThat(expected).hasSize(PROMPTS.size()).allMatch(text -> text.size() == NEW_TOKENS);
    assertThat(expected.stream().flatMap(List::stream)).allMatch(token -> token < TWIN);
    assertThat(expected.stream().distinct().count()).isGreaterThan(1);
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, 65536, 1, float32",
    "cpu, 65536, 32, float32",
    "cpu, 8388608, 1, float32",
    "cpu, 8388608, 32, float32",
    "cpu, 393216, 4, float32",
    "staged, 65536, 32, float32",
    "staged, 8388608, 3, float32"
  })
  void tilesAndWavesDoNotMatter(String device, long tileBytes, int wave, String type) {
    TestEngines.OptionsBuilder options =
        TestEngines.options(model)
            .device(device)
            .tileBytes(tileBytes)
            .waveSize(wave)
            .computeType(type);
    assertThat(texts(options, 1)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"65536, 32", "8388608, 1"})
  void theLowerTwinIsGeneratedInBfloat16Too(long tileBytes, int wave) {
    TestEngines.OptionsBuilder options =
        TestEngines.options(model).tileBytes(tileBytes).waveSize(wave).computeType("bfloat16");
    assertThat(texts(options, 1).stream().flatMap(List::stream)).allMatch(token -> token < TWIN);
  }

  /**
   * With a penalty all logits are looked at. A twin that was not generated is not penalised, so
   * that the higher one may come, but the same whatever the tiles.
   */
  @Test
  void tilesAndWavesDoNotMatterWherePenaltiesAre() {
    List<List<Integer>> large =
        texts(TestEngines.options(model).tileBytes(8 << 20).waveSize(1), 1.3);
    assertThat(large).allMatch(text -> text.get(0) < TWIN || isInPrompt(text.get(0) - TWIN));
    assertThat(texts(TestEngines.options(model).tileBytes(64 << 10).waveSize(32), 1.3))
        .isEqualTo(large);
  }

  private static boolean isInPrompt(int token) {
    return PROMPTS.stream().flatMapToInt(Arrays::stream).anyMatch(t -> t == token);
  }
}
