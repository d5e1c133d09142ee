package dev.strata.udfs.kv;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.RecurrenceSpec;
import dev.strata.udfs.tensor.DeltaRules;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How states of sequences lie in their pool: in each layer that recurs a fixed number of float32
 * elements, however long the sequence is.
 *
 * @param layers those that recur; none of most models
 * @param widths of their rule, the same in all of them; null where there are none
 */
public record StateFormat(List<Integer> layers, DeltaRules.Widths widths) {

  public StateFormat {
    layers = List.copyOf(layers);
  }

  /**
   * What a model needs.
   *
   * @throws IllegalArgumentException if its layers differ in it
   */
  public static StateFormat of(DecoderSpec spec) {
    List<DeltaRules.Widths> all =
        spec.recurrences().stream().map(StateFormat::widths).distinct().toList();
    if (all.size() > 1) {
      throw new IllegalArgumentException("layers with several kinds of states: " + all);
    }
    List<Integer> layers =
        IntStream.range(0, spec.layers().size())
            .filter(layer -> spec.layers().get(layer).recurrence().isPresent())
            .boxed()
            .toList();
    return new StateFormat(layers, all.isEmpty() ? null : all.get(0));
  }

  /** A rule's widths, as kernels have them. */
  public static DeltaRules.Widths widths(RecurrenceSpec rule) {
    return new DeltaRules.Widths(
        rule.keyHeads(),
        rule.valueHeads(),
        rule.keyDim(),
        rule.valueDim(),
        rule.kernel(),
        rule.byKeyHead());
  }

  /** Whether sequences have no states. */
  public boolean isEmpty() {
    return layers.isEmpty();
  }

  /** Elements of a sequence's [heads, keyDim, valueDim] in a layer. */
  long stateElements() {
    return isEmpty() ? 0 : widths.stateElements();
  }

  /** Elements of a sequence's [kernel - 1, channels] in a layer. */
  long convolvedElements() {
    return isEmpty() ? 0 : widths.convolvedElements();
  }

  /** Elements of a sequence in a layer. */
  long elements() {
    return stateElements() + convolvedElements();
  }

  /** Bytes of a sequence in a layer. */
  public long layerBytes() {
    return elements() * Float.BYTES;
  }

  /** Bytes of a sequence in all layers. */
  public long rowBytes() {
    return layers.size() * layerBytes();
  }
}
