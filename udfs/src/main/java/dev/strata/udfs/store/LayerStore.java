package dev.strata.udfs.store;

import dev.strata.udfs.model.WeightRole;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A checkpoint's matrices as the tiles of a sweep: layer by layer the attention's query, key, value
 * and output, then the feed-forward's gate, up and down, and the head at last. A tile's bytes are
 * read from where they lie.
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

  private static final List<WeightRole> ATTENTION =
      List.of(WeightRole.QUERY, WeightRole.KEY, WeightRole.VALUE, WeightRole.ATTENTION_OUTPUT);
  private static final List<WeightRole> FEED_FORWARD =
      List.of(WeightRole.GATE, WeightRole.UP, WeightRole.DOWN);

  private final Checkpoint checkpoint;
  private final List<Tile> tiles;

  private LayerStore(Checkpoint checkpoint, List<Tile> tiles) {
    this.checkpoint = checkpoint;
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
    for (int layer = 0; layer < checkpoint.spec().layers().size(); layer++) {
      for (WeightRole role : ATTENTION) {
        cut(checkpoint.weight(role, layer), Stage.ATTENTION, limit, tiles);
      }
      for (WeightRole role : FEED_FORWARD) {
        cut(checkpoint.weight(role, layer), Stage.FEED_FORWARD, limit, tiles);
      }
    }
    cut(checkpoint.weight(WeightRole.HEAD, -1), Stage.HEAD, limit, tiles);
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

  private static void cut(Weight weight, Stage stage, long limit, List<Tile> tiles) {
    long most = rowsThatFit(weight.rowBytes(), limit);
    long count = ceilDiv(weight.rows(), most);
    long unit = most < ROW_UNIT ? 1 : ROW_UNIT;
    long units = ceilDiv(weight.rows(), unit);
    for (long i = 0; i < count; i++) {
      int first = (int) (units * i / count * unit);
      int end = (int) Math.min(weight.rows(), units * (i + 1) / count * unit);
      tiles.add(new Tile(tiles.size(), stage, weight, first, end - first));
    }
  }

  /** The tiles in the order of a sweep. */
  public List<Tile> tiles() {
    return tiles;
  }

  /** Bytes of the largest tile. */
  public long largestTileBytes() {
    return tiles.stream().mapToLong(Tile::bytes).max().orElseThrow();
  }

  /** Bytes of all tiles. */
  public long sweepBytes() {
    return tiles.stream().mapToLong(Tile::bytes).sum();
  }

  /**
   * Reads a tile, from any thread.
   *
   * @param target gets {@link Tile#bytes} bytes at its position, which moves behind them; its limit
   *     stays
   * @throws IOException if the file cannot be read; the message names file and offset
   * @throws IllegalArgumentException if the buffer has less room
   */
  public void read(Tile tile, ByteBuffer target) throws IOException {
    if (target.remaining() < tile.bytes()) {
      throw new IllegalArgumentException(
          String.format("a tile of %d bytes into %d", tile.bytes(), target.remaining()));
    }
    int limit = target.limit();
    target.limit(target.position() + (int) tile.bytes());
    try {
      read(tile, 0, target);
    } finally {
      target.limit(limit);
    }
  }

  /** Reads a tile's bytes from {@code offset} on, as many as the buffer has room for. */
  void read(Tile tile, long offset, ByteBuffer target) throws IOException {
    long offsetInWeight = tile.offset() - tile.weight().offset() + offset;
    checkpoint.read(tile.weight(), offsetInWeight, target);
  }
}
