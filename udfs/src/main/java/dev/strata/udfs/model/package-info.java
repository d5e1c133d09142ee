/**
 * What a checkpoint says: {@code config.json} of each family read into one {@link
 * dev.strata.udfs.model.DecoderSpec}, which says step by step what the model does and which tensors
 * it takes; safetensors headers, generation defaults. A family is one small file.
 *
 * <p>May import: {@code api}, for its exceptions and for sampling defaults.
 */
package dev.strata.udfs.model;
