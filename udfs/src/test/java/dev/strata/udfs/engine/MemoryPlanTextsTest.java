package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tools.KnownShapes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The plans of some models and budgets as people read them, those of BENCHMARKS.md among them. What
 * changes a plan changes {@code memory-plans.txt}; {@link #main} prints it anew.
 */
class MemoryPlanTextsTest {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  private static final DeviceTraits CPU =
      new DeviceTraits(NumberType.FLOAT32, true, false, false, 2);
  private static final DeviceTraits CUDA = StagedLayoutTest.CUDA;
  private static final DeviceTraits OLD_CUDA = StagedLayoutTest.OLD_CUDA;
  private static final DeviceTraits STAGED = StagedLayoutTest.STAGED;

  private record Wish(
      String shape,
      int layers,
      DeviceTraits device,
      long deviceMemory,
      long hostMemory,
      long weightsMemory,
      int rowTokens,
      String kvType) {

    Wish(String shape, int layers, DeviceTraits device, long deviceMemory, long hostMemory) {
      this(shape, layers, device, deviceMemory, hostMemory, -1, 0, "auto");
    }

    Wish with(long weights, int row, String kv) {
      return new Wish(shape, layers, device, deviceMemory, hostMemory, weights, row, kv);
    }

    String text() {
      EngineOptions options =
          new EngineOptions(
              "model",
              "auto",
              deviceMemory,
              hostMemory,
              "auto",
              0,
              0,
              0,
              0,
              weightsMemory,
              rowTokens,
              false,
              kvType,
              "cached");
      MemoryPlan plan =
          MemoryPlan.of(ShapeSize.of(KnownShapes.named(shape).withLayers(layers)), options, device);
      return "# " + this + "\n" + plan.describe().lines().collect(Collectors.joining("\n")) + "\n";
    }
  }

  private static final List<Wish> WISHES =
      List.of(
          new Wish("llama-3-70b", 8, CUDA, 4 * GIB, 64 * GIB).with(-1, 520, "auto"),
          new Wish("llama-3-70b", 8, CUDA, 4 * GIB, 48 * GIB).with(-1, 522, "int8"),
          new Wish("llama-3-70b", 8, CUDA, 4 * GIB, 12 * GIB).with(0, 69, "auto"),
          new Wish("llama-3-405b", 2, CUDA, 4 * GIB, 48 * GIB).with(-1, 518, "auto"),
          new Wish("llama-3-70b", 8, CUDA, 4 * GIB, 64 * GIB),
          new Wish("llama-3-70b", 8, CUDA, 4 * GIB, 12 * GIB),
          new Wish("llama-3-70b", 80, CUDA, 4 * GIB, 340 * GIB).with(-1, 528, "auto"),
          new Wish("llama-3-8b", 32, CUDA, 24 * GIB, 64 * GIB),
          new Wish("llama-3-8b", 32, OLD_CUDA, 6 * GIB, 24 * GIB),
          new Wish("tiny", 4, STAGED, 64 * MIB, 128 * MIB),
          new Wish("llama-3-8b", 6, STAGED, 2 * GIB, 4 * GIB).with(-1, 0, "int8"),
          new Wish("tiny", 4, CPU, 0, 128 * MIB),
          new Wish("llama-3-8b", 6, CPU, 0, 2 * GIB),
          new Wish("llama-3-70b", 80, CPU, 0, 64 * GIB).with(GIB, 300, "auto"),
          new Wish("qwen3-30b-a3b", 48, CUDA, 4 * GIB, 220 * GIB).with(-1, 192, "auto"),
          new Wish("qwen3-30b-a3b", 48, CUDA, 4 * GIB, 112 * GIB).with(-1, 192, "int8"),
          new Wish("qwen3-30b-a3b", 48, CUDA, 4 * GIB, 112 * GIB),
          new Wish("qwen3-30b-a3b", 48, CUDA, 4 * GIB, 32 * GIB),
          new Wish("qwen3-235b-a22b", 20, CUDA, 4 * GIB, 220 * GIB).with(-1, 192, "auto"),
          new Wish("mixtral-8x7b", 32, CUDA, 4 * GIB, 220 * GIB).with(-1, 192, "auto"),
          new Wish("qwen3-30b-a3b", 48, CPU, 0, 8 * GIB));

  private static String texts() {
    return WISHES.stream().map(Wish::text).collect(Collectors.joining("\n"));
  }

  @Test
  void plansAreThoseThatWereLookedAt() throws IOException {
    try (InputStream text = MemoryPlanTextsTest.class.getResourceAsStream("memory-plans.txt")) {
      assertThat(texts()).isEqualTo(new String(text.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** Prints what the plans are now. */
  public static void main(String[] arguments) {
    System.out.print(texts());
  }
}
