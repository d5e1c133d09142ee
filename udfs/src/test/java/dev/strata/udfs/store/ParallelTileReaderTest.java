package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParallelTileReaderTest {

  /** Its head is a tile of 10 MB: three pieces, the last of them short. */
  private static final ModelShape SHAPE = new ModelShape("wide", 5000, 1000, 64, 2, 1, 64, 1);

  @TempDir Path directory;

  private Checkpoint checkpoint;
  private LayerStore store;

  @BeforeEach
  void open() throws IOException {
    RandomCheckpoint.write(directory, SHAPE, 3);
    checkpoint = Checkpoint.open(directory.toString());
    store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
  }

  @AfterEach
  void close() throws IOException {
    checkpoint.close();
  }

  @Test
  void piecesMakeUpTheTile() throws IOException {
    try (ParallelTileReader reader = new ParallelTileReader(store, 3)) {
      for (Tile tile : store.tiles()) {
        ByteBuffer whole = ByteBuffer.allocateDirect((int) tile.bytes());
        store.read(tile, whole);
        ByteBuffer target = ByteBuffer.allocateDirect((int) tile.bytes() + 5).position(3);
        reader.read(tile, target);
        assertThat(target.position()).isEqualTo(tile.bytes() + 3);
        assertThat(target.flip().position(3)).isEqualTo(whole.flip());
      }
    }
  }

  @Test
  void aPieceThatCannotBeReadNamesFileAndOffset() throws IOException {
    Tile head = store.tiles().get(store.tiles().size() - 1);
    assertThat(head.bytes()).isGreaterThan(8 << 20);
    Path shard = directory.resolve(head.weight().file());
    try (FileChannel file = FileChannel.open(shard, StandardOpenOption.WRITE);
        ParallelTileReader reader = new ParallelTileReader(store, 2)) {
      file.truncate(head.offset() + (5 << 20));
      ByteBuffer target = ByteBuffer.allocateDirect((int) head.bytes());
      assertThatThrownBy(() -> reader.read(head, target))
          .isInstanceOf(EOFException.class)
          .hasMessageContaining(shard.toString())
          .hasMessageContaining("offset");
    }
  }
}
