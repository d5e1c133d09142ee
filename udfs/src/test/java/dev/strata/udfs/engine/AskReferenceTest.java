package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is read from the demo model, beside what transformers reads (make_asks.py). */
@Timeout(300)
class AskReferenceTest {

  private static final Offset<Float> CLOSE = within(1e-3f);

  /** A row of the reference, as the script names its fields. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Expected(
      int[] prompt,
      List<int[]> continuations,
      float[] log_probabilities,
      int[] text,
      float[] scores,
      float[] embedding) {}

  private static List<Expected> rows() throws IOException {
    try (Reader file =
        new InputStreamReader(
            AskReferenceTest.class.getResourceAsStream("/asks/asks.json"),
            StandardCharsets.UTF_8)) {
      return new Gson().fromJson(file, new TypeToken<List<Expected>>() {}.getType());
    }
  }

  @Test
  void labelsTextsAndVectorsAreAsTransformersReadsThem() throws IOException {
    List<Expected> rows = rows();
    List<RowRequest> asks = new ArrayList<>();
    for (Expected row : rows) {
      asks.add(TestEngines.asking(asks.size(), row.prompt(), new Ask.Choose(row.continuations())));
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Score(1)));
      asks.add(TestEngines.asking(asks.size(), row.text(), new Ask.Embed()));
    }
    assertThat(rows).hasSize(12);
    try (Engine engine = Engine.start(TestEngines.options(TestEngines.demoModel()).build())) {
      List<RowResult> results = TestEngines.run(engine, asks);
      for (int i = 0; i < rows.size(); i++) {
        Expected row = rows.get(i);
        assertThat(results.get(3 * i).values()).containsExactly(row.log_probabilities(), CLOSE);
        ScoredTokens scores = ScoredTokens.of(results.get(3 * i + 1).values());
        assertThat(scores.logProbabilities()).containsExactly(row.scores(), CLOSE);
        assertThat(results.get(3 * i + 2).values()).containsExactly(row.embedding(), within(1e-5f));
      }
    }
  }
}
