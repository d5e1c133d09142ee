package dev.strata.udfs.store;

/**
 * A run of bytes of a shard.
 *
 * @param file the shard, a name within the checkpoint
 * @param offset the file offset of its first byte
 * @param bytes how many
 */
public record Extent(String file, long offset, long bytes) {}
