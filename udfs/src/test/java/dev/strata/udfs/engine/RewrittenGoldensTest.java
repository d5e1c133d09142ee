package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every golden that is supported, as other programs would have saved it. */
class RewrittenGoldensTest {

  @TempDir private Path directory;

  static Stream<Path> supportedGoldens() throws IOException {
    return TestGoldens.supportedGoldens();
  }

  static Stream<Path> goldensOfOneTower() throws IOException {
    return TestGoldens.supportedGoldens()
        .filter(golden -> !golden.getFileName().toString().endsWith("-multimodal"));
  }

  @ParameterizedTest
  @MethodSource("supportedGoldens")
  void ofTheOlderForm(Path golden) throws IOException {
    Path older = RewrittenGolden.of(golden).older().write(directory);
    try (Checkpoint before = Checkpoint.open(golden.toString());
        Checkpoint after = Checkpoint.open(older.toString())) {
      assertThat(after.spec()).isEqualTo(before.spec());
    }
    compare(golden);
  }

  @ParameterizedTest
  @MethodSource("goldensOfOneTower")
  void besideATower(Path golden) throws IOException {
    Path wrapped = RewrittenGolden.of(golden).wrapped("model.language_model.", "").write(directory);
    try (Checkpoint checkpoint = Checkpoint.open(wrapped.toString())) {
      assertThat(checkpoint.generation().stopTokens()).isEqualTo(Set.of(2));
    }
    compare(golden);
  }

  @ParameterizedTest
  @MethodSource("goldensOfOneTower")
  void besideATowerAsBefore(Path golden) throws IOException {
    RewrittenGolden.of(golden)
        .older()
        .wrapped("language_model.model.", "language_model.")
        .write(directory);
    compare(golden);
  }

  @ParameterizedTest
  @MethodSource("goldensOfOneTower")
  void withOneLayerMore(Path golden) throws IOException {
    RewrittenGolden.of(golden).withOneLayerMore().write(directory);
    compare(golden);
  }

  static Stream<Path> goldensWithExpertsApart() throws IOException {
    return goldensThat(RewrittenGolden::hasExpertsApart);
  }

  static Stream<Path> goldensWithExperts() throws IOException {
    return goldensThat(RewrittenGolden::hasExperts);
  }

  private static Stream<Path> goldensThat(Predicate<RewrittenGolden> isSo) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path golden : goldensOfOneTower().toList()) {
      if (isSo.test(RewrittenGolden.of(golden))) {
        found.add(golden);
      }
    }
    return found.stream();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("goldensWithExpertsApart")
  void withExpertsInOneTensor(Path golden) throws IOException {
    RewrittenGolden.of(golden).withExpertsTogether().write(directory);
    compare(golden);
    TestGoldens.inOneWave(
        TestEngines.options(directory).device("staged").build(), Golden.read(golden));
  }

  static Stream<Path> goldensWithExpertsTogether() throws IOException {
    return goldensThat(RewrittenGolden::hasExpertsTogether);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("goldensWithExpertsTogether")
  void withATensorForEachExpert(Path golden) throws IOException {
    RewrittenGolden.of(golden).withExpertsApart().write(directory);
    compare(golden);
  }

  /** Whatever the experts are called. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("goldensWithExperts")
  void withTheOtherNameOfTheNumberOfExperts(Path golden) throws IOException {
    RewrittenGolden.of(golden).withExpertsCountedOtherwise().write(directory);
    compare(golden);
  }

  private void compare(Path golden) {
    assertThat(ModelConfig.families()).contains(Golden.read(golden).modelType());
    TestGoldens.inOneWave(TestEngines.options(directory).build(), Golden.read(golden));
  }

  /** Corrections of real models are near ten, where half types have steps of what decides. */
  @ParameterizedTest
  @ValueSource(strings = {"glm4-moe", "minimax-m2"})
  void aCorrectionIsNotRounded(String golden) throws IOException {
    Path shifted =
        RewrittenGolden.of(TestEngines.golden(golden))
            .withShifted("e_score_correction_bias", 64)
            .write(directory);
    RecordedLogits own = halfLogits(TestEngines.golden(golden));
    RecordedLogits other = halfLogits(shifted);
    for (int position : own.positions()) {
      assertThat(other.at(position)).isEqualTo(own.at(position));
    }
  }

  private static RecordedLogits halfLogits(Path model) {
    RecordedLogits logits = new RecordedLogits();
    int[] prompt = IntStream.range(0, 40).map(i -> 3 + 7 * i % 120).toArray();
    try (Engine engine = Engine.start(TestEngines.options(model).computeType("bfloat16").build())) {
      TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
    }
    return logits;
  }
}
