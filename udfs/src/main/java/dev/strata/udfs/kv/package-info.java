/**
 * The KV pool: host memory that holds keys and values, one contiguous extent of token slots per
 * sequence, the same in every layer.
 *
 * <p>May import: {@code tensor}, {@code model}.
 */
package dev.strata.udfs.kv;
