/**
 * The only room that touches DJL's engine and PyTorch: tensors, kernels (TorchScript text in
 * resources), slots a tile is streamed into, and the account of their memory. DJL's tokenizers are
 * the business of {@code text}.
 *
 * <p>May import: {@code concurrent}, {@code stream}.
 */
package dev.strata.udfs.tensor;
