package dev.strata.udfs.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.model.Step;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.store.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterSpreadTest {

  private static final int TOKENS = 20_000;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "128, 8, 0",
    "128, 8, 0.5",
    "128, 8, 1",
    "256, 8, 2",
    "8, 2, 0.5",
    "8, 2, 1",
    "2, 1, 1"
  })
  void aTokenTakesAsManyExpertsAsItShould(int experts, int chosen, double skew) {
    double[] shares = new RouterSpread(experts, chosen, skew).shares();
    assertThat(DoubleStream.of(shares).sum()).isCloseTo(chosen, within(1e-9));
    assertThat(shares).hasSize(experts).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(shares[0]).isLessThanOrEqualTo(0.5);
  }

  @Test
  void popularityGoesByZipfsLaw() {
    double[] shares = new RouterSpread(128, 8, 0.5).shares();
    assertThat(shares[0] / shares[99]).isCloseTo(10, within(1e-9));
    assertThat(Arrays.stream(shares).limit(26).sum() / 8).isBetween(0.38, 0.45);
    double[] alike = new RouterSpread(128, 8, 0).shares();
    assertThat(alike).containsOnly(8.0 / 128);
    double[] capped = new RouterSpread(128, 8, 1.5).shares();
    assertThat(capped[0]).isEqualTo(capped[1]).isEqualTo(0.45);
    assertThat(capped[10] / capped[43]).isCloseTo(8, within(1e-9));
  }

  /** Tokens' hidden states are normed, and so their elements are about normally distributed. */
  @ParameterizedTest
  @CsvSource({"0", "0.5", "1"})
  void tokensChooseAsOftenAsTheRoutersRowsSay(double skew) throws IOException {
    CheckpointShape shape = KnownShapes.named("tiny-moe").withLayers(2).withExpertSkew(skew);
    RandomCheckpoint.write(directory, shape, 7);
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      WeightSpec router = router(checkpoint, 1);
      double[] shares = new RouterSpread(32, 4, skew).shares();
      int[] byRank = new RouterSpread(32, 4, skew).shuffled(7 ^ router.name().hashCode());
      double[] found = choices(rows(checkpoint, router), 4);
      for (int rank = 0; rank < 32; rank++) {
        double share = found[byRank[rank]];
        assertThat(share).as("rank %d", rank).isBetween(shares[rank] * 0.7, shares[rank] * 1.35);
      }
    }
  }

  private static WeightSpec router(Checkpoint checkpoint, int layer) {
    return checkpoint.spec().layers().get(layer).stages().stream()
        .flatMap(stage -> stage.steps().stream())
        .filter(
            step -> step.streamed() != null && step.streamed().name().endsWith("mlp.gate.weight"))
        .map(Step::streamed)
        .findFirst()
        .orElseThrow();
  }

  private static float[][] rows(Checkpoint checkpoint, WeightSpec router) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) router.elements() * Short.BYTES);
    checkpoint.read(checkpoint.weight(router), 0, bytes);
    bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
    float[][] rows = new float[router.rows()][router.columns()];
    for (float[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = Float.intBitsToFloat(bytes.getShort() << 16);
      }
    }
    return rows;
  }

  /** The share of random tokens that choose each expert. */
  private static double[] choices(float[][] rows, int chosen) {
    Random random = new Random(3);
    double[] shares = new double[rows.length];
    for (int token = 0; token < TOKENS; token++) {
      float[] x = new float[rows[0].length];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      double[] scores = Arrays.stream(rows).mapToDouble(row -> product(row, x)).toArray();
      IntStream.range(0, rows.length)
          .boxed()
          .sorted((a, b) -> Double.compare(scores[b], scores[a]))
          .limit(chosen)
          .forEach(expert -> shares[expert] += 1.0 / TOKENS);
    }
    return shares;
  }

  private static double product(float[] row, float[] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += row[i] * x[i];
    }
    return sum;
  }
}
