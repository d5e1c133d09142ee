package dev.strata.udfs.engine;

import dev.strata.udfs.model.LayerProgram;
import dev.strata.udfs.model.Stage;
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
        sizes(matrices.stream().filter(t -> t.firstRow() == 0).map(Tile::weight).toList()),
        stages(checkpoint),
        checkpoint.spec().layers().stream().mapToInt(CheckpointSize::experts).max().orElse(0),
        expert(checkpoint),
        checkpoint.vectors().stream().mapToLong(CheckpointSize::elements).sum());
  }

  private static int experts(LayerProgram layer) {
    return (int) layer.stages().stream().filter(Stage::isExpert).count();
  }

  private static List<ModelSize.MatrixSize> expert(Checkpoint checkpoint) {
    return checkpoint
        .spec()
        .layerStages()
        .filter(Stage::isExpert)
        .map(stage -> sizes(checkpoint, stage))
        .max(Comparator.comparingLong(CheckpointSize::bytes))
        .orElse(List.of());
  }

  private static long bytes(List<ModelSize.MatrixSize> matrices) {
    return matrices.stream().mapToLong(ModelSize.MatrixSize::bytes).sum();
  }

  private static List<ModelSize.MatrixSize> sizes(Checkpoint checkpoint, Stage stage) {
    return sizes(stage.matrices().map(checkpoint::weight).toList());
  }

  /** In elements of the mathematics' type, which has half of a float32's bytes or all. */
  private static long elements(Weight vector) {
    return vector.spec().isExact() ? 2 * vector.spec().elements() : vector.spec().elements();
  }

  private static Set<List<ModelSize.MatrixSize>> stages(Checkpoint checkpoint) {
    return checkpoint
        .spec()
        .layerStages()
        .map(stage -> sizes(checkpoint, stage))
        .collect(Collectors.toSet());
  }

  /** Of each product's matrix, also of one that several products take. */
  private static List<ModelSize.MatrixSize> sizes(List<Weight> matrices) {
    return matrices.stream()
        .map(matrix -> new ModelSize.MatrixSize(matrix.rows(), matrix.wholeRowBytes()))
        .sorted(
            Comparator.comparingLong(ModelSize.MatrixSize::rows)
                .thenComparingLong(ModelSize.MatrixSize::rowBytes))
        .toList();
  }
}
