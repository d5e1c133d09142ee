package dev.strata.udfs.model;

import java.util.List;

/**
 * One tensor as a safetensors header names it.
 *
 * @param name its name in the checkpoint
 * @param dtype how its elements are stored, in the header's words: {@code F32}, {@code BF16}, …
 * @param shape its dimensions, outermost first; empty for a scalar
 * @param begin the file offset of its first byte
 * @param end the file offset after its last byte
 */
public record TensorEntry(String name, String dtype, List<Long> shape, long begin, long end) {

  public TensorEntry {
    shape = List.copyOf(shape);
  }

  /** Bytes of the tensor. */
  public long bytes() {
    return end - begin;
  }
}
