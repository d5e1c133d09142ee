package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.model.WeightRole;
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
            .map(tile -> tile.stage() + " " + tile.weight().layer() + " " + tile.weight().role())
            .toList();
    assertThat(order)
        .containsExactly(
            "ATTENTION 0 QUERY",
            "ATTENTION 0 KEY",
            "ATTENTION 0 VALUE",
            "ATTENTION 0 ATTENTION_OUTPUT",
            "FEED_FORWARD 0 GATE",
            "FEED_FORWARD 0 UP",
            "FEED_FORWARD 0 DOWN",
            "ATTENTION 1 QUERY",
            "ATTENTION 1 KEY",
            "ATTENTION 1 VALUE",
            "ATTENTION 1 ATTENTION_OUTPUT",
            "FEED_FORWARD 1 GATE",
            "FEED_FORWARD 1 UP",
            "FEED_FORWARD 1 DOWN",
            "HEAD -1 HEAD");
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
    assertThat(rows(WeightRole.GATE, 4 * 24)).containsExactlyInAnyOrder(3, 3, 4);
    assertThat(rows(WeightRole.GATE, 9 * 24)).containsExactly(5, 5);
    assertThat(rows(WeightRole.GATE, 10 * 24)).containsExactly(10);
  }

  private List<Integer> rows(WeightRole role, long tileBytes) {
    return LayerStore.of(checkpoint, tileBytes).tiles().stream()
        .filter(tile -> tile.weight().role() == role && tile.weight().layer() == 0)
        .map(Tile::rows)
        .toList();
  }

  @Test
  void theLargestTile() {
    assertThat(LayerStore.of(checkpoint, 1).largestTileBytes()).isEqualTo(40);
    assertThat(LayerStore.of(checkpoint, 100).largestTileBytes()).isEqualTo(96);
    assertThat(LayerStore.of(checkpoint, 1 << 20).largestTileBytes()).isEqualTo(264);
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
        .extracting(tile -> tile.weight().layer())
        .isEqualTo(IntStream.range(0, 107).mapToObj(i -> i < 48 ? 0 : i < 96 ? 1 : -1).toList());
  }
}
