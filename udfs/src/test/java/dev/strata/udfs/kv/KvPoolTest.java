package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KvPoolTest {

  private static DecoderSpec spec() throws IOException {
    Path config =
        Path.of(System.getProperty("strata.root", ".."))
            .resolve("udfs/src/test/resources/goldens/llama/config.json");
    return ModelConfig.parse(Files.readString(config), config.toString());
  }

  /** Four layers: 2 heads of 4, 1 head of 8, and two that attend to theirs. */
  static DecoderSpec layersThatDiffer() {
    return ModelConfig.parse(
        """
        {"model_type": "gemma4_text", "vocab_size": 16, "hidden_size": 16, "intermediate_size": 16,
         "num_hidden_layers": 4, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 4,
         "global_head_dim": 8, "attention_k_eq_v": true, "num_global_key_value_heads": 1,
         "num_kv_shared_layers": 2, "hidden_size_per_layer_input": 0,
         "layer_types": ["sliding_attention", "full_attention", "sliding_attention",
                         "full_attention"]}
        """,
        "config.json");
  }

  /** Numbers the slots of an extent in every layer, keys from 1 and values from -1. */
  private static int width(DecoderSpec spec) {
    return spec.attentions().get(0).keyValueWidth();
  }

  private static void fill(KvPool pool, DecoderSpec spec, Extent extent, int tokens) {
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      for (int i = 0; i < 2 * tokens * width(spec); i++) {
        floats(pool, layer, extent).put(first(pool, spec, extent) + i, number(i / width(spec)));
      }
    }
  }

  /** Keys and values of a token lie one behind the other. */
  private static float number(int row) {
    return row % 2 == 0 ? row / 2 + 1 : -(row / 2) - 1;
  }

  private static FloatBuffer floats(KvPool pool, int layer, Extent extent) {
    return pool.segment(layer, pool.segmentOf(extent.begin())).buffer().asFloatBuffer();
  }

  private static int first(KvPool pool, DecoderSpec spec, Extent extent) {
    int begin = extent.begin() - pool.beginOf(pool.segmentOf(extent.begin()));
    return 2 * begin * width(spec);
  }

  private static void assertFilled(KvPool pool, DecoderSpec spec, Extent extent, int tokens) {
    int width = width(spec);
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      FloatBuffer floats = floats(pool, layer, extent);
      int first = first(pool, spec, extent);
      assertThat(IntStream.range(0, 2 * tokens * width))
          .allMatch(i -> floats.get(first + i) == number(i / width));
    }
  }

  /** From a segment of host memory to another. */
  @Test
  void keysAndValuesMoveBetweenSegments() throws IOException {
    DecoderSpec spec = spec();
    try (ComputeDevice device = ComputeDevice.open("staged", "float32", 1)) {
      KvFormat format = KvFormat.plain(spec, device.computeType());
      try (KvPool pool = KvPool.onHost(device, format, 96 * format.tokenBytes())) {
        assertThat(KvPool.hostSegments(format, 96 * format.tokenBytes())).containsExactly(64, 32);
        Extent behind = pool.reserve(40).orElseThrow();
        Extent beside = pool.reserve(24).orElseThrow();
        Extent row = pool.reserve(20).orElseThrow();
        assertThat(beside).isEqualTo(new Extent(40, 24));
        assertThat(row.begin()).isEqualTo(64);
        fill(pool, spec, row, 20);
        pool.release(behind);
        Extent moved = pool.move(row, 40, 20).orElseThrow();
        assertThat(moved).isEqualTo(new Extent(0, 40));
        assertFilled(pool, spec, moved, 20);
      }
    }
  }

  /** Segments are those of the layer that takes most; the others' are rounded up on their own. */
  @Test
  void whatLayersTakeThatDiffer() {
    KvFormat even = KvFormat.plain(layersThatDiffer(), NumberType.FLOAT32);
    assertThat(even.tokenBytes()).isEqualTo(2 * 2 * 16 * 4 / 2);
    KvFormat format =
        new KvFormat(
            NumberType.FLOAT32,
            List.of(
                new KvFormat.Heads(2, 16, 0),
                new KvFormat.Heads(0, 0, 1),
                new KvFormat.Heads(1, 12, 2),
                new KvFormat.Heads(2, 16, 0)));
    assertThat(format.tokenBytes()).isEqualTo(2 * (32 + 12) * 4);
    assertThat(format.layerTokenBytes()).isEqualTo(2 * 32 * 4);
    assertThat(format.attending()).containsExactly(0, 2, 3);
    assertThat(format.owning()).containsExactly(0, 2);
    // The third layer's 3/8 of the first's are half of it, as a power of two.
    for (long tokens : new long[] {100, 1000, 7777}) {
      long bytes = tokens * 256 * 3 / 2;
      List<Integer> segments = KvPool.hostSegments(format, bytes);
      long taken = KvPool.hostFootprint(format, segments).bytes(Footprint.Place.HOST);
      assertThat(taken).isBetween(bytes * 7 / 8, bytes);
      assertThat(segments.stream().mapToInt(Integer::intValue).sum())
          .isBetween((int) (tokens * 7 / 8), (int) tokens);
    }
  }

  @Test
  void keysAndValuesMoveAlongInEveryLayer() throws IOException {
    DecoderSpec spec = spec();
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", 1);
        KvPool pool = KvPool.onDevice(device, spec, 100)) {
      Extent blocker = pool.reserve(7).orElseThrow();
      Extent row = pool.reserve(30).orElseThrow();
      Extent behind = pool.reserve(3).orElseThrow();
      fill(pool, spec, row, 25);
      assertThat(pool.grow(row, 31)).isEmpty();
      Extent apart = pool.move(row, 40, 25).orElseThrow();
      assertThat(apart).isEqualTo(new Extent(40, 40));
      assertFilled(pool, spec, apart, 25);

      pool.release(blocker);
      Extent second = pool.reserve(30).orElseThrow();
      pool.release(behind);
      assertThat(second.begin()).isZero();
      Extent overlapping = pool.move(apart, 70, 25).orElseThrow();
      assertThat(overlapping).isEqualTo(new Extent(30, 70));
      assertFilled(pool, spec, overlapping, 25);
      assertThat(pool.move(overlapping, 71, 25)).isEmpty();
      assertThat(pool.freeTokens()).isZero();
    }
  }
}
