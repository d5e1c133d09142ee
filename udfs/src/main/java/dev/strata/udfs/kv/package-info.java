/**
 * The KV pool: the memory that holds keys and values of all active sequences, one contiguous extent
 * of token slots per sequence, the same in every layer; and how attention gets at them, in place or
 * through a ring on the device. Beside it the state pool: states of recurrences, of a fixed size
 * for each sequence, which pass alike.
 *
 * <p>May import: {@code concurrent}, {@code stream}, {@code tensor}, {@code model}.
 */
package dev.strata.udfs.kv;
