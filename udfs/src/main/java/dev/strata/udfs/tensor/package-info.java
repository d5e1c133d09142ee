/**
 * The only room that touches DJL and PyTorch: tensors, kernels (TorchScript text in resources),
 * slots a tile is streamed into, and the account of device memory.
 *
 * <p>May import: {@code stream}.
 */
package dev.strata.udfs.tensor;
