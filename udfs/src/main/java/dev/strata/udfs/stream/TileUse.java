package dev.strata.udfs.stream;

/**
 * One passing of a tile. A tile passes several times in a sweep where its stage does not fit the
 * device and several micro-batches need it; it is read once for all of them.
 *
 * @param tile the tile
 * @param first whether this is its first passing in the sweep
 * @param last whether this is its last
 */
public record TileUse(int tile, boolean first, boolean last) {}
