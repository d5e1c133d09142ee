/**
 * Where a tile's bytes are: the files of a checkpoint, opened and read by offset, and the layer
 * store that cuts the checkpoint into tiles.
 *
 * <p>May import: {@code api}, for its exceptions and the machine's memory; {@code concurrent};
 * {@code model}; Hadoop's file systems, and what Spark configures them with.
 */
package dev.strata.udfs.store;
