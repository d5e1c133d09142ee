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
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    RowResult result = run(64 << 20);
    assertThat(result.error()).isNull();
    assertThat(result.reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(result.tokens()).hasSize(6);
  }

  private RowResult run(long hostMemory) throws Exception {
    EngineOptions options =
        new EngineOptions(
            directory.toString(),
            "cpu",
            0,
            hostMemory,
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
      return client.take();
    }
  }

  /** A layer of each published shape is there in its types, whatever its experts are stored as. */
  @ParameterizedTest
  @CsvSource({
    "tiny-moe, BF16, BF16",
    "small-mxfp4, BF16, F4_E2M1",
    "small-fp8, F8_E4M3, F8_E4M3",
    "small-gemma, BF16, "
  })
  void configurationsSayHowMatricesAreStored(String name, ElementType attention, ElementType expert)
      throws Exception {
    RandomCheckpoint.write(directory, small(name), 1);
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      List<DecoderSpec.StageOfLayer> stages = checkpoint.spec().stages();
      assertThat(types(checkpoint, stages.get(0).stage())).containsOnly(attention);
      for (DecoderSpec.StageOfLayer of : stages) {
        if (of.stage().isExpert()) {
          assertThat(types(checkpoint, of.stage())).containsOnly(expert);
        }
      }
    }
    RowResult result = run(128 << 20);
    assertThat(result.error()).isNull();
    assertThat(result.tokens()).hasSize(6);
  }

  private static List<ElementType> types(Checkpoint checkpoint, Stage stage) {
    return stage.matrices().map(m -> checkpoint.weight(m).type()).toList();
  }

  /** Published shapes with small sizes. */
  private static CheckpointShape small(String name) throws IOException {
    if (name.equals("tiny-moe")) {
      return KnownShapes.named(name).withLayers(2);
    }
    String of =
        Map.of(
                "small-mxfp4",
                "gpt-oss-120b",
                "small-fp8",
                "deepseek-v3",
                "small-gemma",
                "gemma-3-27b")
            .get(name);
    Map<String, Integer> sizes =
        Map.ofEntries(
            Map.entry("vocab_size", 500),
            Map.entry("hidden_size", 192),
            Map.entry("intermediate_size", 160),
            Map.entry("moe_intermediate_size", 96),
            Map.entry("num_attention_heads", 4),
            Map.entry("num_key_value_heads", 2),
            Map.entry("q_lora_rank", 96),
            Map.entry("kv_lora_rank", 64),
            Map.entry("num_local_experts", 16),
            Map.entry("n_routed_experts", 16));
    String config = PublishedShape.named(of).published();
    for (Map.Entry<String, Integer> size : sizes.entrySet()) {
      config =
          config.replaceAll(
              "\"" + size.getKey() + "\": \\d+", "\"" + size.getKey() + "\": " + size.getValue());
    }
    return new PublishedShape(name, config, of.equals("deepseek-v3") ? 4 : 2, 0.5);
  }

  @Test
  void anotherSkewIsAnotherCheckpoint() throws IOException {
    CheckpointShape shape = KnownShapes.named("tiny-moe").withLayers(1);
    Path model = directory.resolve("skewed");
    assertThat(RandomCheckpoint.ensure(model, shape, 1)).isTrue();
    assertThat(RandomCheckpoint.ensure(model, shape.withExpertSkew(0.5), 1)).isFalse();
    assertThatThrownBy(() -> RandomCheckpoint.ensure(model, shape.withExpertSkew(1), 1))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("is not a complete random checkpoint of shape tiny-moe");
    for (String dense : List.of("llama-3-8b", "gemma-3-27b")) {
      assertThatThrownBy(() -> KnownShapes.named(dense).withExpertSkew(1))
          .isInstanceOf(StrataException.class)
          .hasMessage(dense + " has no experts, whose choice could be skewed");
    }
  }

  @Test
  void shapesHaveNames() {
    CheckpointShape shape = KnownShapes.named("llama-3-70b");
    assertThat(shape.layers()).isEqualTo(80);
    assertThat(shape.withLayers(8))
        .isNotEqualTo(shape)
        .extracting(CheckpointShape::layers)
        .isEqualTo(8);
    assertThatThrownBy(() -> KnownShapes.named("llama-4"))
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
