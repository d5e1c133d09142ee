/**
 * The forward pass: runs the steps that {@link dev.strata.udfs.model.DecoderSpec} says, before, for
 * and after each tile of a stage. Knows nothing of input and output.
 *
 * <p>May import: {@code model}, {@code tensor}, {@code kv}.
 */
package dev.strata.udfs.transformer;
