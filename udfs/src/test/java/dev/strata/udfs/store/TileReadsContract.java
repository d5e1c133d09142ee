package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a tile's slot holds after a read, however the shards are read. */
abstract class TileReadsContract {

  /** Its head is a tile of 20 MB: three pieces, the last of them short. */
  private static final ModelShape WIDE = new ModelShape("wide", 10_000, 1000, 64, 2, 1, 64, 1);

  private static final byte UNTOUCHED = 77;

  @TempDir private Path directory;

  /** Opens a checkpoint for the reads that are tested. */
  abstract Checkpoint open(Path model);

  static Stream<Path> models() {
    Path root = Path.of(System.getProperty("strata.root", ".."));
    return Stream.concat(
        Stream.of(root.resolve("datasets/demo-model")),
        Stream.of(
                "llama",
                "llama-mha-bias",
                "llama-tied-headdim",
                "mistral",
                "quant-fp8-block",
                "quant-fp8-channel",
                "quant-mxfp4",
                "qwen2",
                "qwen3")
            .map(name -> root.resolve("udfs/src/test/resources/goldens").resolve(name)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void slotsHoldTheBytesOfTheFile(Path model) throws IOException {
    for (long tileBytes : new long[] {1, 4096, 64 << 20}) {
      try (Checkpoint checkpoint = open(model)) {
        readAll(model, LayerStore.of(checkpoint, tileBytes));
      }
    }
  }

  @Test
  void piecesMakeUpTheTile() throws IOException {
    RandomCheckpoint.write(directory, WIDE, 3);
    try (Checkpoint checkpoint = open(directory)) {
      LayerStore store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
      assertThat(store.largestSpan()).isGreaterThan(16 << 20);
      readAll(directory, store);
    }
  }

  private static void readAll(Path model, LayerStore store) throws IOException {
    ByteBuffer slot = slot(store, store.largestSlotBytes() + 16);
    Map<String, byte[]> files = new HashMap<>();
    try (ParallelTileReader reader = new ParallelTileReader(store, 3)) {
      for (Tile tile : store.tiles()) {
        int end = (int) store.slotBytes(tile);
        slot.put(end, UNTOUCHED);
        int first = reader.read(tile, slot);
        List<Extent> extents = tile.extents();
        for (int i = 0; i < extents.size(); i++) {
          Extent extent = extents.get(i);
          byte[] file = files.computeIfAbsent(extent.file(), name -> bytes(model, name));
          int begin = first + (int) store.extentOffset(tile, i);
          assertThat(slot.slice(begin, (int) extent.bytes()))
              .isEqualTo(ByteBuffer.wrap(file, (int) extent.offset(), (int) extent.bytes()));
        }
        assertThat(first + store.span(tile)).isLessThanOrEqualTo(end);
        assertThat(slot.get(end)).isEqualTo(UNTOUCHED);
      }
    }
  }

  static ByteBuffer slot(LayerStore store, long bytes) {
    int alignment = store.slotAlignment();
    return ByteBuffer.allocateDirect((int) bytes + 2 * alignment)
        .alignedSlice(alignment)
        .limit((int) bytes)
        .slice();
  }

  private static byte[] bytes(Path model, String name) {
    try {
      return Files.readAllBytes(model.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSlotWithoutRoomIsRefused() throws IOException {
    RandomCheckpoint.write(directory, WIDE, 3);
    try (Checkpoint checkpoint = open(directory)) {
      LayerStore store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
      try (ParallelTileReader reader = new ParallelTileReader(store, 2)) {
        for (Tile tile : store.tiles()) {
          assertThatThrownBy(() -> reader.read(tile, slot(store, store.slotBytes(tile) - 1)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage(
                  "a tile of %d bytes, %d with its blocks, into %d",
                  tile.bytes(), store.slotBytes(tile), store.slotBytes(tile) - 1);
        }
      }
    }
  }

  @Test
  void aFileThatShrinksGivesOneErrorWithFileAndOffset() throws IOException {
    RandomCheckpoint.write(directory, WIDE, 3);
    try (Checkpoint checkpoint = open(directory)) {
      LayerStore store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
      Tile head = store.tiles().get(store.tiles().size() - 1);
      Path shard = directory.resolve(head.weight().file());
      long end = head.extents().get(0).offset() + (5 << 20) + 1234;
      try (FileChannel file = FileChannel.open(shard, StandardOpenOption.WRITE);
          ParallelTileReader reader = new ParallelTileReader(store, 2)) {
        file.truncate(end);
        ByteBuffer slot = slot(store, store.slotBytes(head));
        assertThatThrownBy(() -> reader.read(head, slot))
            .isInstanceOf(EOFException.class)
            .hasMessageMatching(
                shard + " ends before offset " + end + ", where \\d+ more bytes are wanted");
      }
    }
  }
}
