package dev.strata.udfs.kv;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.NumberType;

/**
 * How keys and values lie in the pool: [tokens, 2, kvHeads, width] for each layer.
 *
 * @param type of the elements
 * @param layers layers of the model
 * @param kvHeads key heads, and value heads
 * @param width elements of a head
 */
public record KvFormat(NumberType type, int layers, int kvHeads, int width) {

  /** Keys and values as they were computed. */
  public static KvFormat plain(DecoderSpec spec, NumberType type) {
    return new KvFormat(type, spec.layers().size(), spec.kvHeads(), spec.headDim());
  }

  /**
   * Each head's elements in a byte each, and their scale in four more: the largest magnitude is
   * 127.
   */
  public static KvFormat quantized(DecoderSpec spec) {
    return new KvFormat(
        NumberType.UINT8, spec.layers().size(), spec.kvHeads(), spec.headDim() + Float.BYTES);
  }

  boolean isQuantized() {
    return type == NumberType.UINT8;
  }

  long[] shape(int tokens) {
    return new long[] {tokens, 2, kvHeads, width};
  }

  /** Bytes of one token in one layer. */
  public long layerTokenBytes() {
    return 2L * kvHeads * width * type.bytes();
  }

  /** Bytes of one token in all layers. */
  public long tokenBytes() {
    return layers * layerTokenBytes();
  }
}
