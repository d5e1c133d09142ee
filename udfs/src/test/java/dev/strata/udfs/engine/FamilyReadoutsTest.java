package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import dev.strata.udfs.api.Pooling;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from several families, beside what transformers reads (make_families.py). */
@Timeout(300)
class FamilyReadoutsTest {

  private static final Offset<Float> CLOSE = within(1e-4f);

  /** A row of the reference, as the script names its fields. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Expected(
      String family,
      int[] text,
      float[] scores,
      int next,
      float nextScore,
      float margin,
      float[] mean,
      float[] last) {

    int[] withNext() {
      return IntStream.concat(IntStream.of(text), IntStream.of(next)).toArray();
    }
  }

  private static List<Expected> rows(String family) throws IOException {
    try (Reader file =
        new InputStreamReader(
            FamilyReadoutsTest.class.getResourceAsStream("/asks/families.json"),
            StandardCharsets.UTF_8)) {
      List<Expected> all = new Gson().fromJson(file, new TypeToken<List<Expected>>() {}.getType());
      return all.stream().filter(row -> row.family().equals(family)).toList();
    }
  }

  private static List<TestEngines.OptionsBuilder> plans(String family) {
    TestEngines.OptionsBuilder small =
        TestEngines.options(TestEngines.golden(family))
            .tileBytes(4 << 10)
            .waveSize(3)
            .microBatchTokens(7);
    return List.of(
        TestEngines.options(TestEngines.golden(family)),
        TestEngines.options(TestEngines.golden(family)).readsPrompts(),
        small,
        TestEngines.options(TestEngines.golden(family)).device("staged").deviceMemory(32 << 20),
        TestEngines.options(TestEngines.golden(family))
            .device("staged")
            .deviceMemory(32 << 20)
            .microBatchTokens(50)
            .readsPrompts());
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gemma2", "qwen3-moe", "phi3", "gpt-oss"})
  void scoresAndVectorsAreAsTransformersReadsThem(String family) throws IOException {
    List<Expected> rows = rows(family);
    assertThat(rows).hasSize(4);
    List<RowRequest> asks = new ArrayList<>();
    for (Expected row : rows) {
      int length = row.text().length;
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Score(1)));
      asks.add(TestEngines.asking(asks.size(), row.withNext(), new Ask.Score(length)));
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Embed(Pooling.MEAN, false)));
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Embed(Pooling.LAST, false)));
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Embed(Pooling.LAST, true)));
    }
    for (TestEngines.OptionsBuilder plan : plans(family)) {
      try (Engine engine = Engine.start(plan.build())) {
        List<RowResult> results = TestEngines.run(engine, asks);
        for (int i = 0; i < rows.size(); i++) {
          assertRead(rows.get(i), results.subList(5 * i, 5 * i + 5));
        }
      }
    }
  }

  private static void assertRead(Expected row, List<RowResult> read) {
    assertThat(read).extracting(RowResult::error).containsOnlyNulls();
    assertThat(ScoredTokens.of(read.get(0).values()).logProbabilities())
        .containsExactly(row.scores(), CLOSE);
    ScoredTokens next = ScoredTokens.of(read.get(1).values());
    assertThat(next.logProbabilities()).containsExactly(new float[] {row.nextScore()}, CLOSE);
    assertThat(next.areLikeliest() || row.margin() < 1e-3).isTrue();
    assertThat(read.get(2).values()).containsExactly(row.mean(), CLOSE);
    assertThat(read.get(3).values()).containsExactly(row.last(), CLOSE);
    assertThat(read.get(4).values()).containsExactly(unit(row.last()), CLOSE);
  }

  private static float[] unit(float[] vector) {
    double squares =
        IntStream.range(0, vector.length).mapToDouble(i -> (double) vector[i] * vector[i]).sum();
    float[] unit = Arrays.copyOf(vector, vector.length);
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (unit[i] / Math.sqrt(squares));
    }
    return unit;
  }
}
