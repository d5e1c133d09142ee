/**
 * The forward pass, written once against {@link dev.strata.udfs.model.DecoderSpec}: what is
 * computed before, for and after each tile of a stage. Knows nothing of input and output.
 *
 * <p>May import: {@code model}, {@code tensor}, {@code kv}.
 */
package dev.strata.udfs.transformer;
