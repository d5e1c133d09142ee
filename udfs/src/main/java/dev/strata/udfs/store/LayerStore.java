package dev.strata.udfs.store;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A checkpoint's matrices as the tiles of a sweep, in the order in which the model's products take
 * them. A tile's bytes are read from where they lie.
 */
public final class LayerStore {

  /** The most bytes of a tile, unless one row is larger: a ByteBuffer holds less than 2 GiB. */
  public static final long MAX_TILE_BYTES = 1L << 30;

  /**
   * Tiles are multiples of so many rows, where they are larger: libraries take slow kernels for
   * products whose columns do not begin on their boundaries (measured on an H200: a fifth of the
   * speed).
   */
  private static final long ROW_UNIT = 64;

  /** In a slot, extents behind the first begin where any element may. */
  private static final long EXTENT_ALIGNMENT = 16;

  private final Checkpoint checkpoint;
  private final int blockBytes;
  private final List<Tile> tiles;

  private LayerStore(Checkpoint checkpoint, List<Tile> tiles) {
    this.checkpoint = checkpoint;
    this.blockBytes = checkpoint.blockBytes();
    this.tiles = List.copyOf(tiles);
  }

  /**
   * Cuts each matrix into as few tiles as the limit allows, equal in rows but for one.
   *
   * @param checkpoint stays the caller's to close
   * @param tileBytes the most bytes of a tile, at least 1; a row that is larger is a tile of its
   *     own, and values above {@link #MAX_TILE_BYTES} count as that
   */
  public static LayerStore of(Checkpoint checkpoint, long tileBytes) {
    if (tileBytes < 1) {
      throw new IllegalArgumentException("a tile of " + tileBytes + " bytes");
    }
    long limit = Math.min(tileBytes, MAX_TILE_BYTES);
    List<Tile> tiles = new ArrayList<>();
    List<DecoderSpec.StageOfLayer> stages = checkpoint.spec().stages();
    for (int stage = 0; stage < stages.size(); stage++) {
      List<Step> steps = stages.get(stage).stage().steps();
      for (int step = 0; step < steps.size(); step++) {
        if (steps.get(step).streamed() != null) {
          cut(checkpoint.weight(steps.get(step).streamed()), stage, step, limit, tiles);
        }
      }
    }
    return new LayerStore(checkpoint, tiles);
  }

  /** How many tiles of at most {@code tileBytes} a matrix is cut into: whole rows, at least one. */
  public static long tileCount(long rows, long rowBytes, long tileBytes) {
    return ceilDiv(rows, rowsThatFit(rowBytes, tileBytes));
  }

  private static long rowsThatFit(long rowBytes, long tileBytes) {
    long most = Math.max(1, tileBytes / rowBytes);
    return most < ROW_UNIT ? most : most / ROW_UNIT * ROW_UNIT;
  }

  private static long ceilDiv(long a, long b) {
    return (a + b - 1) / b;
  }

  private static void cut(Weight weight, int stage, int step, long limit, List<Tile> tiles) {
    long most = rowsThatFit(weight.wholeRowBytes(), limit);
    long count = ceilDiv(weight.rows(), most);
    long unit = most < ROW_UNIT ? 1 : ROW_UNIT;
    long units = ceilDiv(weight.rows(), unit);
    for (long i = 0; i < count; i++) {
      int first = (int) (units * i / count * unit);
      int end = (int) Math.min(weight.rows(), units * (i + 1) / count * unit);
      tiles.add(new Tile(tiles.size(), stage, step, weight, first, end - first));
    }
  }

  /** The tiles in the order of a sweep. */
  public List<Tile> tiles() {
    return tiles;
  }

  /** The most that a tile takes from its first byte to its last. */
  public long largestSpan() {
    return tiles.stream().mapToLong(this::span).max().orElseThrow();
  }

  /** Bytes of all tiles. */
  public long sweepBytes() {
    return tiles.stream().mapToLong(Tile::bytes).sum();
  }

  /**
   * Bytes that a slot needs to read a tile into: the tile's own where reads are cached, and those
   * of all blocks it has a part in where they are direct.
   */
  public long slotBytes(Tile tile) {
    List<Extent> extents = tile.extents();
    int last = extents.size() - 1;
    return begin(extents, last) + roundedUp(lead(extents.get(last)) + extents.get(last).bytes());
  }

  /** Where in a slot the blocks of an extent begin. */
  private long begin(List<Extent> extents, int index) {
    long begin = 0;
    for (Extent before : extents.subList(0, index)) {
      long end = roundedUp(begin + lead(before) + before.bytes());
      begin = (end + EXTENT_ALIGNMENT - 1) / EXTENT_ALIGNMENT * EXTENT_ALIGNMENT;
    }
    return begin;
  }

  /** What an extent's first block brings along before it. */
  private long lead(Extent extent) {
    return extent.offset() % blockBytes;
  }

  /** Where an extent of a tile begins, counted from the tile's first byte. */
  public long extentOffset(Tile tile, int index) {
    List<Extent> extents = tile.extents();
    return begin(extents, index) + lead(extents.get(index)) - lead(extents.get(0));
  }

  /** Bytes from a tile's first to its last in a slot. */
  public long span(Tile tile) {
    List<Extent> extents = tile.extents();
    int last = extents.size() - 1;
    return extentOffset(tile, last) + extents.get(last).bytes();
  }

  /** Bytes of a slot for any tile. */
  public long largestSlotBytes() {
    return tiles.stream().mapToLong(this::slotBytes).max().orElseThrow();
  }

  /** What the address of a slot is a multiple of: 4096 where reads are direct, else 1. */
  public int slotAlignment() {
    return blockBytes;
  }

  /** The index in its slot of a tile's first byte: 0 where reads are cached. */
  public int slotOffset(Tile tile) {
    return (int) lead(tile.extents().get(0));
  }

  private long roundedUp(long bytes) {
    return (bytes + blockBytes - 1) / blockBytes * blockBytes;
  }

  /**
   * Reads a tile, from any thread.
   *
   * @param slot gets the tile in its first {@link #slotBytes} bytes; its position and limit stay
   * @return the index in the slot of the tile's first byte
   * @throws IOException if the file cannot be read; the message names file and offset
   * @throws IllegalArgumentException if the slot ends before {@link #slotBytes} or its address is
   *     not a multiple of {@link #slotAlignment}
   */
  public int read(Tile tile, ByteBuffer slot) throws IOException {
    require(tile, slot);
    readPart(tile, 0, slot.slice(0, (int) slotBytes(tile)));
    return slotOffset(tile);
  }

  /** Refuses a slot that a tile cannot be read into. */
  void require(Tile tile, ByteBuffer slot) {
    if (slot.limit() < slotBytes(tile)) {
      throw new IllegalArgumentException(
          String.format(
              "a tile of %d bytes, %d with its blocks, into %d",
              tile.bytes(), slotBytes(tile), slot.limit()));
    }
    if (blockBytes > 1 && (!slot.isDirect() || slot.alignmentOffset(0, blockBytes) != 0)) {
      throw new IllegalArgumentException(
          "direct reads need a slot whose address is a multiple of " + blockBytes);
    }
  }

  /** Reads a part of a tile's slot, from {@code begin} on as many bytes as the buffer has. */
  void readPart(Tile tile, int begin, ByteBuffer part) throws IOException {
    List<Extent> extents = tile.extents();
    for (int i = 0; i < extents.size(); i++) {
      readPart(extents.get(i), begin - begin(extents, i), part);
    }
  }

  /** Reads what an extent has in a part that begins so far behind the extent's first block. */
  private void readPart(Extent extent, long behind, ByteBuffer part) throws IOException {
    long from = Math.max(0, behind);
    long end = Math.min(behind + part.limit(), roundedUp(lead(extent) + extent.bytes()));
    long wanted = Math.min(end, lead(extent) + extent.bytes()) - from;
    if (wanted > 0) {
      ByteBuffer target = part.slice((int) (from - behind), (int) (end - from));
      long fileOffset = extent.offset() - lead(extent) + from;
      checkpoint.readBlocks(extent.file(), fileOffset, target, (int) wanted);
    }
  }
}
