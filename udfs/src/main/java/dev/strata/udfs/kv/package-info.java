/**
 * The KV pool: the memory that holds keys and values of all active sequences, where the kernels can
 * use it; one contiguous extent of token slots per sequence, the same in every layer.
 *
 * <p>May import: {@code tensor}, {@code model}.
 */
package dev.strata.udfs.kv;
