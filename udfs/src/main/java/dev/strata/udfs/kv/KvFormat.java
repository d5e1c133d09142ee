package dev.strata.udfs.kv;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LayerProgram;
import dev.strata.udfs.tensor.NumberType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How keys and values lie in the pool: [tokens, 2, kvHeads, width] for each layer that has its own.
 *
 * @param type of the elements
 * @param layers the heads of each layer of the model
 */
public record KvFormat(NumberType type, List<Heads> layers) {

  /**
   * A layer's key heads, and value heads.
   *
   * @param count how many; 0 where the layer does not attend
   * @param width elements of a head
   * @param layer the layer that they are of: itself, or an earlier one
   */
  public record Heads(int count, int width, int layer) {

    /** Keys and values of a token. */
    long elements() {
      return 2L * count * width;
    }
  }

  public KvFormat {
    layers = List.copyOf(layers);
    for (Heads heads : layers) {
      Heads own = layers.get(heads.layer());
      if (own.layer() != heads.layer()
          || own.count() != heads.count()
          || own.width() != heads.width()) {
        throw new IllegalArgumentException(heads + " of " + own);
      }
    }
  }

  /** Keys and values as they were computed. */
  public static KvFormat plain(DecoderSpec spec, NumberType type) {
    return of(spec, type, 0);
  }

  /**
   * Each head's elements in a byte each, and their scale in four more: the largest magnitude is
   * 127.
   */
  public static KvFormat quantized(DecoderSpec spec) {
    return of(spec, NumberType.UINT8, Float.BYTES);
  }

  private static KvFormat of(DecoderSpec spec, NumberType type, int more) {
    List<Heads> layers = new ArrayList<>();
    for (LayerProgram layer : spec.layers()) {
      int own = layers.size();
      layers.add(
          layer
              .attention()
              .map(
                  a ->
                      new Heads(a.kvHeads(), a.headDim() + more, a.sharesKeys() ? a.keysOf() : own))
              .orElse(new Heads(0, 0, own)));
    }
    return new KvFormat(type, layers);
  }

  boolean isQuantized() {
    return type == NumberType.UINT8;
  }

  /** The layer whose keys and values a layer attends to. */
  int layerOf(int layer) {
    return layers.get(layer).layer();
  }

  /** Whether a layer attends to those of an earlier one. */
  boolean isShared(int layer) {
    return layerOf(layer) != layer;
  }

  boolean isAnyShared() {
    return IntStream.range(0, layers.size()).anyMatch(this::isShared);
  }

  /** The layers that attend. */
  List<Integer> attending() {
    return IntStream.range(0, layers.size())
        .filter(layer -> layers.get(layer).count() > 0)
        .boxed()
        .toList();
  }

  /** The layers that have keys and values of their own. */
  List<Integer> owning() {
    return attending().stream().filter(layer -> !isShared(layer)).toList();
  }

  /** Of keys and values of some tokens in a layer. */
  public long[] shape(int layer, int tokens) {
    Heads heads = layers.get(layer);
    return new long[] {tokens, 2, heads.count(), heads.width()};
  }

  /** Bytes of one token in a layer, wherever it has them. */
  long layerTokenBytes(int layer) {
    return layers.get(layer).elements() * type.bytes();
  }

  /** Bytes of one token in the layer that takes most. */
  public long layerTokenBytes() {
    return layers.stream().mapToLong(Heads::elements).max().orElse(0) * type.bytes();
  }

  /** Bytes of one token in all layers. */
  public long tokenBytes() {
    return owning().stream().mapToLong(this::layerTokenBytes).sum();
  }

  /**
   * The layers' memory as so many of the largest, where each is rounded up to a power of two of
   * bytes in which the largest fits.
   */
  double largeLayers() {
    long largest = layerTokenBytes();
    return owning().stream()
        .mapToDouble(layer -> 1.0 / Long.highestOneBit(largest / layerTokenBytes(layer)))
        .sum();
  }
}
