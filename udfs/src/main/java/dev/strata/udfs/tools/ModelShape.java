package dev.strata.udfs.tools;

import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * The sizes of a Llama model, for checkpoints of random numbers.
 *
 * @param name what it is called
 * @param vocabSize rows of embedding and head
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim width of a head
 * @param layers layers of the whole model
 */
public record ModelShape(
    String name,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int heads,
    int kvHeads,
    int headDim,
    int layers) {

  private static final List<ModelShape> KNOWN =
      List.of(
          new ModelShape("llama-3-8b", 128_256, 4096, 14_336, 32, 8, 128, 32),
          new ModelShape("llama-3-70b", 128_256, 8192, 28_672, 64, 8, 128, 80),
          new ModelShape("llama-3-405b", 128_256, 16_384, 53_248, 128, 8, 128, 126));

  /**
   * A shape by its name.
   *
   * @throws StrataException if there is none of that name
   */
  public static ModelShape named(String name) {
    return KNOWN.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                StrataException.usage(
                    "unknown shape '%s'; known are %s",
                    name, String.join(", ", KNOWN.stream().map(ModelShape::name).toList())));
  }

  /** The same shape with another number of layers. */
  public ModelShape withLayers(int count) {
    return new ModelShape(
        name, vocabSize, hiddenSize, intermediateSize, heads, kvHeads, headDim, count);
  }
}
