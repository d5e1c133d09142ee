/**
 * The partition function: rows in, rows out, lazily; the engines of an executor's JVM, one for each
 * model, which share its memory.
 *
 * <p>May import: {@code api}, {@code concurrent}, {@code text}, {@code decode}, {@code model},
 * {@code store}, {@code engine}, {@code journal}.
 */
package dev.strata.udfs.spark;
