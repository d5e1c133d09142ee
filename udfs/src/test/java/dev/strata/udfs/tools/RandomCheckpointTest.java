package dev.strata.udfs.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RandomCheckpointTest {

  private static final ModelShape SHAPE = new ModelShape("small", 500, 64, 160, 4, 2, 16, 3);

  @TempDir private Path directory;

  @Test
  void theCheckpointHasTheShape() throws IOException {
    RandomCheckpoint.write(directory, SHAPE, 1);
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      DecoderSpec spec = checkpoint.spec();
      assertThat(spec.family()).isEqualTo("llama");
      assertThat(spec.layers()).hasSize(3);
      assertThat(spec)
          .extracting(DecoderSpec::vocabSize, DecoderSpec::hiddenSize, DecoderSpec::tiedHead)
          .containsExactly(500, 64, false);
      assertThat(spec.attentions())
          .extracting(AttentionSpec::heads, AttentionSpec::kvHeads, AttentionSpec::headDim)
          .containsOnly(tuple(4, 2, 16));
      long layer = 64 * (2 * 64 + 2 * 32) + 3 * 64 * 160;
      assertThat(LayerStore.of(checkpoint, 1 << 20).sweepBytes())
          .isEqualTo(2 * (3 * layer + 500 * 64));
    }
  }

  @Test
  void itsNumbersAreOfOrderOne() throws IOException {
    RandomCheckpoint.write(directory, SHAPE, 1);
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      LayerStore store = LayerStore.of(checkpoint, 1 << 20);
      ByteBuffer bytes = ByteBuffer.allocate((int) store.tiles().get(0).bytes());
      store.read(store.tiles().get(0), bytes);
      double bound = Math.sqrt(3.0 / 64);
      double sumOfSquares = 0;
      bytes.clear();
      for (int i = 0; i < bytes.limit(); i += 2) {
        int bits = (bytes.get(i) & 0xff) | bytes.get(i + 1) << 8;
        double value = Float.intBitsToFloat(bits << 16);
        assertThat(Math.abs(value)).isLessThanOrEqualTo(bound);
        sumOfSquares += value * value;
      }
      assertThat(2 * sumOfSquares / bytes.limit()).isBetween(0.8 / 64, 1.2 / 64);
    }
  }

  @Test
  void theSameSeedGivesTheSameBytes() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    Path other = directory.resolve("other");
    RandomCheckpoint.write(first, SHAPE, 7);
    RandomCheckpoint.write(second, SHAPE, 7);
    RandomCheckpoint.write(other, SHAPE, 8);
    String shard = "model-00001-of-00001.safetensors";
    assertThat(Files.mismatch(first.resolve(shard), second.resolve(shard))).isEqualTo(-1);
    assertThat(Files.mismatch(first.resolve(shard), other.resolve(shard))).isNotNegative();
  }

  @Test
  void itRuns() throws Exception {
    RandomCheckpoint.write(directory, SHAPE, 1);
    EngineOptions options =
        new EngineOptions(
            directory.toString(),
            "cpu",
            0,
            64 << 20,
            "float32",
            0,
            0,
            0,
            1,
            -1,
            0,
            false,
            "auto",
            "cached");
    try (Engine engine = Engine.start(options);
        EngineClient client = engine.open()) {
      client.submit(
          new RowRequest(
              0,
              PromptTokens.of(5, 400, 17),
              SamplingOptions.greedy(6),
              0,
              (generated, count) -> false));
      RowResult result = client.take();
      assertThat(result.error()).isNull();
      assertThat(result.reason()).isEqualTo(FinishReason.LENGTH);
      assertThat(result.tokens()).hasSize(6);
    }
  }

  @Test
  void shapesHaveNames() {
    ModelShape shape = ModelShape.named("llama-3-70b");
    assertThat(shape.layers()).isEqualTo(80);
    assertThat(shape.withLayers(8)).isNotEqualTo(shape).extracting("layers").isEqualTo(8);
    assertThatThrownBy(() -> ModelShape.named("llama-4"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith(
            "unknown shape 'llama-4'; known are llama-3-8b, llama-3-70b, llama-3-405b, ");
  }

  @Test
  void aCheckpointIsMadeOnceAndIsWholeOrNotThere() throws IOException {
    Path model = directory.resolve("models/small");
    assertThat(RandomCheckpoint.ensure(model, SHAPE, 1)).isTrue();
    assertThat(RandomCheckpoint.ensure(model, SHAPE, 1)).isFalse();
    try (Stream<Path> beside = Files.list(model.getParent())) {
      assertThat(beside).containsExactly(model);
    }
    Path shard = model.resolve("model-00001-of-00001.safetensors");
    Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), 1000));
    assertThatThrownBy(() -> RandomCheckpoint.ensure(model, SHAPE, 1))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(model + " is not a complete random checkpoint of shape small");
  }

  @Test
  void anotherShapesCheckpointIsNotTaken() throws IOException {
    Path model = directory.resolve("small");
    RandomCheckpoint.ensure(model, SHAPE, 1);
    assertThatThrownBy(() -> RandomCheckpoint.ensure(model, SHAPE.withLayers(2), 1))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("shape small with 2 layers; remove it");
  }
}
