package dev.strata.udfs.engine;

import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Stage;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Measures a checkpoint for the memory plan. */
final class CheckpointSize {

  private record StageOfLayer(Stage stage, int layer) {}

  private CheckpointSize() {}

  static ModelSize of(Checkpoint checkpoint) {
    List<Tile> matrices = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES).tiles();
    return new ModelSize(
        checkpoint.spec(),
        matrices.stream().mapToInt(t -> t.weight().type().bytes()).max().orElseThrow(),
        matrices.stream().mapToLong(t -> t.weight().rowBytes()).max().orElseThrow(),
        sizes(matrices.stream().map(Tile::weight).collect(Collectors.toSet())),
        stages(matrices),
        checkpoint.vectors().stream().mapToLong(Weight::columns).sum());
  }

  private static Set<List<ModelSize.MatrixSize>> stages(List<Tile> tiles) {
    Map<StageOfLayer, Set<Weight>> stages =
        tiles.stream()
            .filter(tile -> tile.stage() != Stage.HEAD)
            .collect(
                Collectors.groupingBy(
                    tile -> new StageOfLayer(tile.stage(), tile.weight().layer()),
                    Collectors.mapping(Tile::weight, Collectors.toSet())));
    return stages.values().stream().map(CheckpointSize::sizes).collect(Collectors.toSet());
  }

  private static List<ModelSize.MatrixSize> sizes(Set<Weight> matrices) {
    return matrices.stream()
        .map(matrix -> new ModelSize.MatrixSize(matrix.rows(), matrix.rowBytes()))
        .sorted(
            Comparator.comparingLong(ModelSize.MatrixSize::rows)
                .thenComparingLong(ModelSize.MatrixSize::rowBytes))
        .toList();
  }
}
