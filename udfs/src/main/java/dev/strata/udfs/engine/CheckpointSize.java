package dev.strata.udfs.engine;

import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Measures a checkpoint for the memory plan. */
final class CheckpointSize {

  private CheckpointSize() {}

  static ModelSize of(Checkpoint checkpoint) {
    List<Tile> matrices = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES).tiles();
    return new ModelSize(
        checkpoint.spec(),
        matrices.stream().map(t -> t.weight().type()).collect(Collectors.toSet()),
        matrices.stream().mapToLong(t -> t.weight().wholeRowBytes()).max().orElseThrow(),
        sizes(matrices.stream().map(Tile::weight).collect(Collectors.toSet())),
        stages(checkpoint),
        checkpoint.vectors().stream().mapToLong(CheckpointSize::elements).sum());
  }

  /** In elements of the mathematics' type, which has half of a float32's bytes or all. */
  private static long elements(Weight vector) {
    return vector.spec().isExact() ? 2L * vector.columns() : vector.columns();
  }

  private static Set<List<ModelSize.MatrixSize>> stages(Checkpoint checkpoint) {
    return checkpoint
        .spec()
        .layerStages()
        .map(stage -> stage.matrices().map(checkpoint::weight))
        .map(weights -> sizes(weights.collect(Collectors.toSet())))
        .collect(Collectors.toSet());
  }

  private static List<ModelSize.MatrixSize> sizes(Set<Weight> matrices) {
    return matrices.stream()
        .map(matrix -> new ModelSize.MatrixSize(matrix.rows(), matrix.wholeRowBytes()))
        .sorted(
            Comparator.comparingLong(ModelSize.MatrixSize::rows)
                .thenComparingLong(ModelSize.MatrixSize::rowBytes))
        .toList();
  }
}
