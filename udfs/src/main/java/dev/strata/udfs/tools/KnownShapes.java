package dev.strata.udfs.tools;

import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.stream.Stream;

/** The shapes that have names. */
public final class KnownShapes {

  /** Their configurations lie beside this class. */
  private static final List<String> PUBLISHED =
      List.of(
          "gemma-3-27b",
          "qwen3-32b",
          "qwen3-32b-fp8",
          "qwen3-30b-a3b",
          "qwen3-30b-a3b-fp8",
          "qwen3.5-35b-a3b",
          "qwen3-235b-a22b",
          "gpt-oss-120b",
          "gpt-oss-120b-bf16",
          "mixtral-8x7b",
          "deepseek-v3",
          "small-moe",
          "tiny-moe");

  private KnownShapes() {}

  /**
   * A shape by its name.
   *
   * @throws StrataException if there is none of that name
   */
  public static CheckpointShape named(String name) {
    return PUBLISHED.contains(name) ? PublishedShape.named(name) : ModelShape.named(name);
  }

  /** Their names. */
  public static List<String> names() {
    return Stream.concat(ModelShape.KNOWN.stream().map(ModelShape::name), PUBLISHED.stream())
        .toList();
  }
}
