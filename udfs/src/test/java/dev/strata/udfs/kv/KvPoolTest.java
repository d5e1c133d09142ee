package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KvPoolTest {

  private static DecoderSpec spec() throws IOException {
    Path config =
        Path.of(System.getProperty("strata.root", ".."))
            .resolve("udfs/src/test/resources/goldens/llama/config.json");
    return ModelConfig.parse(Files.readString(config), config.toString());
  }

  /** Numbers the slots of an extent in every layer, keys from 1 and values from -1. */
  private static void fill(KvPool pool, DecoderSpec spec, Extent extent, int tokens) {
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      for (int i = 0; i < tokens; i++) {
        int first = (extent.begin() + i) * spec.keyValueWidth();
        for (int j = 0; j < spec.keyValueWidth(); j++) {
          floats(pool.keys(layer)).put(first + j, i + 1);
          floats(pool.values(layer)).put(first + j, -i - 1);
        }
      }
    }
  }

  private static FloatBuffer floats(Tensor tensor) {
    return tensor.buffer().asFloatBuffer();
  }

  private static void assertFilled(KvPool pool, DecoderSpec spec, Extent extent, int tokens) {
    int width = spec.keyValueWidth();
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      FloatBuffer keys = floats(pool.keys(layer));
      FloatBuffer values = floats(pool.values(layer));
      assertThat(IntStream.range(0, tokens * width))
          .allMatch(i -> keys.get(extent.begin() * width + i) == i / width + 1)
          .allMatch(i -> values.get(extent.begin() * width + i) == -(i / width) - 1);
    }
  }

  @Test
  void keysAndValuesMoveAlongInEveryLayer() throws IOException {
    DecoderSpec spec = spec();
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", 1);
        KvPool pool = new KvPool(device, spec, 100)) {
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
