package dev.strata.udfs.kv;

import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.NumberType;
import java.util.List;

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
    AttentionSpec attention = ofAllLayers(spec);
    return new KvFormat(type, spec.layers().size(), attention.kvHeads(), attention.headDim());
  }

  /**
   * Each head's elements in a byte each, and their scale in four more: the largest magnitude is
   * 127.
   */
  public static KvFormat quantized(DecoderSpec spec) {
    AttentionSpec attention = ofAllLayers(spec);
    return new KvFormat(
        NumberType.UINT8,
        spec.layers().size(),
        attention.kvHeads(),
        attention.headDim() + Float.BYTES);
  }

  /** The attention of any layer: the pool has extents of one size for all. */
  private static AttentionSpec ofAllLayers(DecoderSpec spec) {
    List<AttentionSpec> attentions = spec.attentions();
    AttentionSpec any = attentions.get(0);
    boolean alike =
        attentions.size() == spec.layers().size()
            && attentions.stream()
                .allMatch(a -> a.kvHeads() == any.kvHeads() && a.headDim() == any.headDim());
    if (!alike) {
      throw new IllegalArgumentException("layers differ in keys and values in " + spec.family());
    }
    return any;
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
