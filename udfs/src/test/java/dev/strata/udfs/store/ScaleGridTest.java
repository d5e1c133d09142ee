package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Quantization;
import dev.strata.udfs.model.WeightSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleGridTest {

  private static final Quantization.Blocks BLOCKS = new Quantization.Blocks(16, 8);

  /** The ups of the third of four experts, [2 · 24, 20] each. */
  private static final WeightSpec UPS =
      new WeightSpec("experts", List.of(4L, 48L, 20L), 2 * 48 + 24, 24, 0);

  private static BlockScales scales(ScaleGrid grid) {
    return grid.scales("f", 1000, ElementType.F32);
  }

  @Test
  void blocksGoOnFromGatesToUps() {
    ScaleGrid grid = ScaleGrid.of(UPS, BLOCKS);
    assertThat(grid.shape()).containsExactly(4L, 3L, 3L);
    assertThat(scales(grid))
        .isEqualTo(new BlockScales(new Part("f", 1000 + 2 * 9 * 4, ElementType.F32, 3, 24, 16), 8));
    // Its first 8 rows have the scales of the second row of blocks, which gates have as well.
    assertThat(scales(grid).part().extent(0, 24)).isEqualTo(new Extent("f", 1084, 24));
  }

  @Test
  void gatesAndUpsThatWereJoinedHaveBlocksOfTheirOwn() {
    ScaleGrid grid = ScaleGrid.ofParts(UPS, BLOCKS);
    assertThat(grid.shape()).containsExactly(4L, 4L, 3L);
    assertThat(scales(grid))
        .isEqualTo(new BlockScales(new Part("f", 1000 + 5 * 6 * 4, ElementType.F32, 3, 0, 16), 8));
  }

  @Test
  void aMatrixOfItsOwn() {
    WeightSpec matrix = new WeightSpec("down", List.of(40L, 20L), 0, 40, 0);
    ScaleGrid grid = ScaleGrid.of(matrix, BLOCKS);
    assertThat(grid).isEqualTo(ScaleGrid.ofParts(matrix, BLOCKS));
    assertThat(grid.isOf(List.of(3L, 3L))).isTrue();
    assertThat(grid.isOf(List.of(3L, 2L))).isFalse();
    assertThat(scales(grid).part()).isEqualTo(new Part("f", 1000, ElementType.F32, 3, 0, 16));
  }

  @Test
  void oneScaleForAMatrixMayHaveAnyShape() {
    WeightSpec matrix = new WeightSpec("down", List.of(40L, 20L), 0, 40, 0);
    ScaleGrid grid = ScaleGrid.of(matrix, new Quantization.Blocks(0, 0));
    assertThat(grid.isOf(List.of())).isTrue();
    assertThat(grid.isOf(List.of(1L))).isTrue();
    assertThat(grid.isOf(List.of(2L))).isFalse();
    ScaleGrid ofExperts = ScaleGrid.ofParts(UPS, new Quantization.Blocks(0, 0));
    assertThat(ofExperts.shape()).containsExactly(4L, 2L, 1L);
    assertThat(scales(ofExperts).part().extent(3, 7)).isEqualTo(new Extent("f", 1020, 4));
  }
}
