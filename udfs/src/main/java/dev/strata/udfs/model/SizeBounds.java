package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.Collection;

/**
 * How large the sizes in a configuration can be, as the tensors of its checkpoint have them: no
 * width is larger than a side of a tensor, and every layer has a tensor of its own. What a header
 * says is held against the length of its file, so that memory taken for such sizes is in proportion
 * to files that are there.
 *
 * @param layers the most layers
 * @param width the largest side of any tensor
 * @param listing the file that lists the tensors, for messages; null where there are none
 */
public record SizeBounds(int layers, int width, String listing) {

  /** Far beyond the deepest known model: a larger number is a damaged file. */
  private static final int MOST_LAYERS = 10_000;

  /** For a configuration whose tensors are still to be made. */
  public static final SizeBounds NONE = new SizeBounds(MOST_LAYERS, Integer.MAX_VALUE, null);

  /**
   * The bounds that a checkpoint's tensors set.
   *
   * @param listing the file that lists them, for messages
   */
  public static SizeBounds of(Collection<TensorEntry> tensors, String listing) {
    long width = tensors.stream().mapToLong(SizeBounds::width).max().orElse(0);
    return new SizeBounds(
        Math.min(MOST_LAYERS, tensors.size()),
        (int) Math.min(Integer.MAX_VALUE, Math.max(1, width)),
        listing);
  }

  /**
   * Of a type that the header's reader knows the size of, or its shape is not held to its bytes.
   */
  private static long width(TensorEntry tensor) {
    return tensor.bytes() > 0 && Safetensors.isKnown(tensor.dtype())
        ? tensor.shape().stream().mapToLong(Long::longValue).max().orElse(1)
        : 0;
  }

  /** A width of the configuration, or the product of two. */
  int requireWidth(String what, long size, String origin) {
    if (size > width) {
      throw listing == null
          ? StrataException.model("%s is %d in %s, beyond any model", what, size, origin)
          : StrataException.model(
              "%s is %d in %s, but no tensor of %s is larger than %d in any direction; use the"
                  + " files of one model",
              what, size, origin, listing, width);
    }
    return (int) size;
  }

  /** A number of layers of the configuration. */
  int requireLayers(String what, int count, String origin) {
    if (count > layers && listing != null) {
      throw StrataException.model(
          "%s is %d in %s, but %s has %d tensors in all; use the files of one model",
          what, count, origin, listing, layers);
    }
    return count;
  }
}
