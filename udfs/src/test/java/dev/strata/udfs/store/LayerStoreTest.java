package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerStoreTest {

  @TempDir private Path directory;
  private Checkpoint checkpoint;

  @BeforeEach
  void open() {
    new TinyCheckpoint(directory).sharded();
    checkpoint = Checkpoint.open(directory.toString());
  }

  @AfterEach
  void close() throws IOException {
    checkpoint.close();
  }

  @Test
  void theOrderOfASweep() {
    List<String> order =
        LayerStore.of(checkpoint, Long.MAX_VALUE).tiles().stream()
            .map(tile -> tile.stage() + " " + tile.step() + " " + tile.weight().spec().name())
            .toList();
    assertThat(order)
        .containsExactly(
            "0 1 model.layers.0.self_attn.q_proj.weight",
            "0 2 model.layers.0.self_attn.k_proj.weight",
            "0 3 model.layers.0.self_attn.v_proj.weight",
            "0 5 model.layers.0.self_attn.o_proj.weight",
            "1 1 model.layers.0.mlp.gate_proj.weight",
            "1 2 model.layers.0.mlp.up_proj.weight",
            "1 3 model.layers.0.mlp.down_proj.weight",
            "2 1 model.layers.1.self_attn.q_proj.weight",
            "2 2 model.layers.1.self_attn.k_proj.weight",
            "2 3 model.layers.1.self_attn.v_proj.weight",
            "2 5 model.layers.1.self_attn.o_proj.weight",
            "3 1 model.layers.1.mlp.gate_proj.weight",
            "3 2 model.layers.1.mlp.up_proj.weight",
            "3 3 model.layers.1.mlp.down_proj.weight",
            "4 0 model.embed_tokens.weight");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 24, 40, 47, 48, 71, 72, 100, 120, 168, 200, 240, 263, 264, 1 << 20})
  void everyRowIsInOneTile(long tileBytes) {
    LayerStore store = LayerStore.of(checkpoint, tileBytes);
    Map<Weight, Integer> nextRows = new LinkedHashMap<>();
    for (int i = 0; i < store.tiles().size(); i++) {
      Tile tile = store.tiles().get(i);
      assertThat(tile.index()).isEqualTo(i);
      assertThat(tile.rows()).isPositive();
      assertThat(tile.firstRow()).isEqualTo(nextRows.getOrDefault(tile.weight(), 0));
      assertThat(tile.rows() == 1 || tile.bytes() <= tileBytes).isTrue();
      nextRows.put(tile.weight(), tile.firstRow() + tile.rows());
    }
    assertThat(nextRows).hasSize(15).allSatisfy((weight, end) -> assertEquals(weight, end));
    assertThat(store.sweepBytes()).isEqualTo(checkpoint.weightBytes());
  }

  private static void assertEquals(Weight weight, int end) {
    assertThat(end).isEqualTo(weight.rows());
  }

  @Test
  void tilesOfAMatrixAreAlikeInSize() {
    // Ten rows where four fit: three tiles, not four, four and two.
    assertThat(rows("gate_proj", 4 * 24)).containsExactlyInAnyOrder(3, 3, 4);
    assertThat(rows("gate_proj", 9 * 24)).containsExactly(5, 5);
    assertThat(rows("gate_proj", 10 * 24)).containsExactly(10);
  }

  private List<Integer> rows(String product, long tileBytes) {
    return LayerStore.of(checkpoint, tileBytes).tiles().stream()
        .filter(tile -> tile.stage() < 2 && tile.weight().spec().name().contains(product))
        .map(Tile::rows)
        .toList();
  }

  @Test
  void theLargestTile() {
    assertThat(LayerStore.of(checkpoint, 1).largestSpan()).isEqualTo(40);
    assertThat(LayerStore.of(checkpoint, 100).largestSpan()).isEqualTo(96);
    assertThat(LayerStore.of(checkpoint, 1 << 20).largestSpan()).isEqualTo(264);
  }

  @Test
  void noTileOfNothing() {
    assertThatThrownBy(() -> LayerStore.of(checkpoint, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a tile of 0 bytes");
  }

  @Test
  void tilesOfBothStagesBelongToTheirLayer() {
    assertThat(LayerStore.of(checkpoint, 1).tiles())
        .hasSize(2 * (8 + 4 + 4 + 6 + 10 + 10 + 6) + 11)
        .extracting(tile -> tile.stage() / 2)
        .isEqualTo(IntStream.range(0, 107).mapToObj(i -> i < 48 ? 0 : i < 96 ? 1 : 2).toList());
  }
}
