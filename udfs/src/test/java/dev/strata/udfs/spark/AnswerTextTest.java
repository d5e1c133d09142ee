package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.text.ModelText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerTextTest {

  private static final Path MODEL =
      Path.of(System.getProperty("strata.root", ".."), "datasets/demo-model");

  private final ModelText text = ModelText.load(AnswerTextTest::file, List.of(), MODEL.toString());
  private final AnswerText answers = new AnswerText(text, Set.of(100), null);

  /** The token is not shown, whoever named it. */
  @ParameterizedTest
  @CsvSource({
    "false, 200, 100, true",
    "false, 200, 200, true",
    "false, 200, 300, false",
    "true, 200, 100, false",
    "true, 200, 200, true",
    "true, , 100, false",
  })
  void stopTokensAreTheModelsAndTheRows(boolean ignored, Integer ofRow, int token, boolean isStop) {
    List<Integer> stopTokenIds = ofRow == null ? List.of() : List.of(ofRow);
    SamplingOptions own =
        new SamplingOptions(9, 1, 0, 0, 1, 0, List.of(), ignored, stopTokenIds, TokenBans.NONE);
    int[] generated = {50, 60, token};
    assertThat(stop(own).stops(generated, 3)).isEqualTo(isStop);
    assertThat(stop(own).stops(generated, 2)).isFalse();
    RowResult result =
        new RowResult(
            0, generated, new float[0], isStop ? FinishReason.STOP : FinishReason.LENGTH, null);
    int[] shown = isStop ? new int[] {50, 60} : generated;
    assertThat(answers.answer(List.of(result), 4, own).completion().text())
        .isEqualTo(text.decode(shown));
  }

  private StopCondition stop(SamplingOptions own) {
    return ((Ask.Generate) answers.ask(new Asked(), own, 0)).stop();
  }

  private static Optional<byte[]> file(String name) {
    try {
      Path path = MODEL.resolve(name);
      return Files.exists(path) ? Optional.of(Files.readAllBytes(path)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Wants new tokens. */
  private static final class Asked extends Question {

    @Override
    RowPrompt make(UnaryOperator<String> own) {
      throw new UnsupportedOperationException();
    }

    @Override
    SamplingOptions sampling(SamplingOptions run) {
      return run;
    }

    @Override
    long seed(long run, SamplingOptions own) {
      return 0;
    }
  }
}
