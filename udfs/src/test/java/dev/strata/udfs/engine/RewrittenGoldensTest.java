package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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

  private void compare(Path golden) {
    assertThat(ModelConfig.families()).contains(Golden.read(golden).modelType());
    TestGoldens.inOneWave(TestEngines.options(directory).build(), Golden.read(golden));
  }
}
