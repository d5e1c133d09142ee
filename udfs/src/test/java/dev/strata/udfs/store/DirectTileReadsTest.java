package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On file systems that have direct reads; on others the same tests see that they fall back. */
class DirectTileReadsTest extends TileReadsContract {

  @TempDir private Path tiny;

  @Override
  Checkpoint open(Path model) {
    return Checkpoint.open(model.toString(), "direct", 0);
  }

  private static void assumeDirect(Checkpoint checkpoint) {
    assumeTrue(checkpoint.blockBytes() > 1, "no direct reads in " + checkpoint.files().location());
  }

  @Test
  void slotsHoldTheBlocksThatATileHasAPartIn() throws IOException {
    try (Checkpoint checkpoint = open(models().findFirst().orElseThrow())) {
      assumeDirect(checkpoint);
      LayerStore store = LayerStore.of(checkpoint, 4096);
      assertThat(store.slotAlignment()).isEqualTo(4096);
      assertThat(store.largestSlotBytes()).isEqualTo(2 * 4096);
      for (Tile tile : store.tiles()) {
        long offset = tile.extents().get(0).offset();
        long blocks = (offset + tile.bytes() + 4095) / 4096 - offset / 4096;
        assertThat(store.slotBytes(tile)).isEqualTo(4096 * blocks);
      }
    }
  }

  @Test
  void slotsThatAreNotAlignedAreRefused() throws IOException {
    try (Checkpoint checkpoint = open(models().findFirst().orElseThrow())) {
      assumeDirect(checkpoint);
      LayerStore store = LayerStore.of(checkpoint, 4096);
      Tile tile = store.tiles().get(0);
      ByteBuffer aligned = slot(store, store.slotBytes(tile) + 512);
      for (ByteBuffer slot : List.of(aligned.position(512).slice(), ByteBuffer.allocate(1 << 20))) {
        assertThatThrownBy(() -> store.read(tile, slot))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("direct reads need a slot whose address is a multiple of 4096");
      }
    }
  }

  @Test
  void autoIsDirectWhereTheShardsAreLargerThanWhatMemoryKeeps() throws IOException {
    TinyCheckpoint files = new TinyCheckpoint(tiny).sharded();
    long bytes = files.bytes(TinyCheckpoint.SHARD_1).length;
    bytes += files.bytes(TinyCheckpoint.SHARD_2).length;
    try (Checkpoint direct = auto(LocalModelFiles.at(tiny.toString()), bytes - 1);
        Checkpoint cached = auto(LocalModelFiles.at(tiny.toString()), bytes)) {
      assertThat(cached.blockBytes()).isEqualTo(1);
      assumeDirect(direct);
      assertThat(direct.blockBytes()).isEqualTo(4096);
    }
  }

  private static Checkpoint auto(ModelFiles files, long available) {
    return Checkpoint.open(files, new ShardSources("auto", available));
  }

  @Test
  void withoutDirectReadsTilesAreReadThroughThePageCache() throws IOException {
    new TinyCheckpoint(tiny).sharded();
    try (Checkpoint checkpoint =
        Checkpoint.open(new WithoutDirectReads(tiny), new ShardSources("direct", 0))) {
      assertThat(checkpoint.blockBytes()).isEqualTo(1);
      LayerStore store = LayerStore.of(checkpoint, 100);
      Tile tile = store.tiles().get(0);
      assertThat(store.read(tile, ByteBuffer.allocate((int) tile.bytes()))).isZero();
    }
  }

  /** A local directory whose second shard cannot be opened for direct reads. */
  private static final class WithoutDirectReads extends ForwardedModelFiles {

    WithoutDirectReads(Path directory) {
      super(LocalModelFiles.at(directory.toString()));
    }

    @Override
    public Optional<ByteSource> openDirect(String name) throws IOException {
      return name.equals(TinyCheckpoint.SHARD_2) ? Optional.empty() : super.openDirect(name);
    }
  }
}
