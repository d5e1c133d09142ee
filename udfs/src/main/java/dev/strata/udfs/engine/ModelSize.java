package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.tensor.HostTiles;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the memory plan has to know of a checkpoint.
 *
 * @param types how elements of matrices are stored
 * @param largestRowBytes bytes of the longest row of a matrix, its share of scales included
 * @param matrices all matrices
 * @param stages those of each stage of a layer; equal stages once
 * @param experts the most experts of a layer; 0 where none has any
 * @param expert matrices of an expert, the largest where layers differ
 * @param vectorElements elements of all norms and biases
 */
record ModelSize(
    DecoderSpec spec,
    Set<ElementType> types,
    long largestRowBytes,
    List<MatrixSize> matrices,
    Set<List<MatrixSize>> stages,
    int experts,
    List<MatrixSize> expert,
    long vectorElements) {

  /** What an aligned read brings along beside a tile, and what its place is rounded up by. */
  private static final long PLACE_SLACK_BYTES = 16 << 10;

  /** Scales of a tile beside its share by rows, and what reads bring along with them. */
  private static final long SCALES_SLACK_BYTES = 24 << 10;

  /** Rows of a matrix and the bytes of each, its share of scales included. */
  record MatrixSize(long rows, long rowBytes) {

    long bytes() {
      return rows * rowBytes;
    }

    long tiles(long tileBytes) {
      return LayerStore.tileCount(rows, rowBytes, tileBytes);
    }
  }

  /** Bytes that all tiles take in places of their own. */
  long weightBytes(long tileBytes) {
    return matrices.stream().mapToLong(m -> m.bytes() + m.tiles(tileBytes) * slackBytes()).sum();
  }

  /** The most bytes that all tiles take in host memory, as its allocator rounds it. */
  long residentBytes(long tileBytes, boolean pinned) {
    return HostTiles.mostResidentBytes(weightBytes(tileBytes), tileBytes + slackBytes(), pinned);
  }

  private long slackBytes() {
    return PLACE_SLACK_BYTES + scalesSlackBytes();
  }

  /** What a tile may take beyond the bytes that it is cut by. */
  long scalesSlackBytes() {
    return isScaled() ? SCALES_SLACK_BYTES : 0;
  }

  /** Whether numbers of some matrices are codes with scales. */
  boolean isScaled() {
    return !types.stream().allMatch(ElementType::standsAlone);
  }

  /** The most elements of a tile, of types that some are of. */
  long mostElements(long tileBytes, Predicate<ElementType> some) {
    OptionalInt narrowest = types.stream().filter(some).mapToInt(ElementType::bits).min();
    return narrowest.isPresent() ? tileBytes * Byte.SIZE / narrowest.getAsInt() : 0;
  }

  /** The most tiles that a stage is cut into. */
  int stageTiles(long tileBytes) {
    long most =
        stages.stream()
            .mapToLong(stage -> stage.stream().mapToLong(m -> m.tiles(tileBytes)).sum())
            .max()
            .orElse(0);
    return (int) Math.min(Integer.MAX_VALUE / 2, most);
  }

  /** Bytes of the largest matrix of an expert. */
  long expertBytes() {
    return expert.stream().mapToLong(MatrixSize::bytes).max().orElse(0);
  }

  /** The most tiles of some experts of a layer, one in so many. */
  int expertTiles(long tileBytes, int oneIn) {
    long each = expert.stream().mapToLong(m -> m.tiles(tileBytes)).sum();
    return (int) Math.min(Integer.MAX_VALUE / 2, (experts + oneIn - 1) / oneIn * each);
  }
}
