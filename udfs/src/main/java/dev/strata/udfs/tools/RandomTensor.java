package dev.strata.udfs.tools;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor of a random checkpoint.
 *
 * @param name in the checkpoint
 * @param dtype as safetensors headers have it
 * @param shape its dimensions
 * @param bytes of all elements
 * @param block what its bytes are, over and over
 * @param start where in the block they begin
 */
record RandomTensor(
    String name, String dtype, List<Long> shape, long bytes, ByteBuffer block, int start) {}
