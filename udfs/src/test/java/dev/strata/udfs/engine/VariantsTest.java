package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.CloseTo.closeTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the goldens' numbers are too small to show: their models with other configurations. */
class VariantsTest {

  private static final int TOKENS = 80;

  @TempDir private Path directory;

  /** Logits after each token of a prompt. */
  private RecordedLogits logits(String golden, String name, Consumer<JsonObject> change)
      throws IOException {
    Path model = Files.createDirectory(directory.resolve(name));
    try (Stream<Path> files = Files.list(TestEngines.golden(golden))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Path file = model.resolve("config.json");
    JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    change.accept(config);
    Files.writeString(file, config.toString());
    RecordedLogits logits = new RecordedLogits();
    int[] prompt = IntStream.range(0, TOKENS).map(i -> 3 + 7 * i % 120).toArray();
    try (Engine engine = Engine.start(TestEngines.options(model).build())) {
      TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
    }
    return logits;
  }

  /** Under a tiny cap all scores are alike, as they are with a tiny scale. */
  @Test
  void aSoftCapHoldsScores() throws IOException {
    RecordedLogits capped =
        logits("gemma2", "capped", config -> config.addProperty("attn_logit_softcapping", 1e-5));
    RecordedLogits scaled =
        logits("gemma2", "scaled", config -> config.addProperty("query_pre_attn_scalar", 1e20));
    RecordedLogits own = logits("gemma2", "own", config -> {});
    for (int position = 0; position < TOKENS; position++) {
      assertThat(capped.at(position)).is(closeTo(scaled.at(position), 1e-3f));
    }
    assertThat(difference(own, capped, TOKENS - 1)).isGreaterThan(0.1);
  }

  /** The golden's prompts end before the position from which on queries grow. */
  @Test
  void queriesGrowBehindThePretrainedLength() throws IOException {
    RecordedLogits growing = logits("ministral3", "growing", config -> {});
    RecordedLogits even =
        logits(
            "ministral3",
            "even",
            config -> config.getAsJsonObject("rope_parameters").remove("llama_4_scaling_beta"));
    for (int position = 0; position < 64; position++) {
      assertThat(growing.at(position)).is(closeTo(even.at(position), 1e-4f));
    }
    for (int position = 64; position < TOKENS; position++) {
      assertThat(difference(growing, even, position)).isGreaterThan(2e-3);
    }
  }

  /** Continuations leave keys and values at one place, where a later layer looks for them. */
  @Test
  void continuationsWhereLayersShareKeys() throws IOException {
    int[] prompt = IntStream.range(0, 20).map(i -> 3 + 7 * i % 120).toArray();
    List<int[]> continuations = List.of(new int[] {9, 8, 7}, new int[] {50, 51}, new int[] {9, 90});
    List<RowRequest> requests = new ArrayList<>();
    for (int[] continuation : continuations) {
      int[] whole = IntStream.concat(IntStream.of(prompt), IntStream.of(continuation)).toArray();
      requests.add(TestEngines.asking(requests.size(), whole, new Ask.Score(prompt.length)));
    }
    requests.add(TestEngines.asking(requests.size(), prompt, new Ask.Choose(continuations)));
    Path model = TestEngines.golden("gemma4-shared");
    for (TestEngines.OptionsBuilder options :
        List.of(
            TestEngines.options(model),
            TestEngines.options(model).device("staged").deviceMemory(25 << 20))) {
      try (Engine engine = Engine.start(options.build())) {
        List<RowResult> results = TestEngines.run(engine, requests);
        for (int i = 0; i < continuations.size(); i++) {
          double sum = ScoredTokens.of(results.get(i).values()).sum();
          assertThat(results.get(3).values()[i]).isCloseTo((float) sum, within(1e-3f));
        }
      }
    }
  }

  private static double difference(RecordedLogits a, RecordedLogits b, int position) {
    return IntStream.range(0, a.at(position).length)
        .mapToDouble(i -> Math.abs(a.at(position)[i] - b.at(position)[i]))
        .max()
        .orElseThrow();
  }
}
