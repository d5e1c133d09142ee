package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.tools.CheckpointShape;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@link CheckpointSize} says of a model of some shape in bfloat16 that need not be there. */
final class ShapeSize {

  private ShapeSize() {}

  static ModelSize of(CheckpointShape shape) {
    DecoderSpec spec = shape.spec();
    List<ModelSize.MatrixSize> all =
        spec.stages().stream().flatMap(of -> matrices(of.stage())).toList();
    Set<List<ModelSize.MatrixSize>> stages =
        spec.layerStages().map(stage -> matrices(stage).toList()).collect(Collectors.toSet());
    return new ModelSize(
        spec,
        Set.of(ElementType.BF16),
        all.stream().mapToLong(ModelSize.MatrixSize::rowBytes).max().orElseThrow(),
        all,
        stages,
        spec.layers().stream()
            .mapToInt(layer -> (int) layer.stages().stream().filter(Stage::isExpert).count())
            .max()
            .orElse(0),
        spec.layerStages()
            .filter(Stage::isExpert)
            .findFirst()
            .map(stage -> matrices(stage).toList())
            .orElse(List.of()),
        spec.weights().stream().filter(w -> !w.isMatrix()).mapToLong(WeightSpec::elements).sum());
  }

  private static Stream<ModelSize.MatrixSize> matrices(Stage stage) {
    return stage.matrices().map(m -> new ModelSize.MatrixSize(m.rows(), m.columns() * 2L));
  }
}
