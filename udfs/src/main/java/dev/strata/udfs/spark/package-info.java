/**
 * The partition function: rows in, rows out, lazily; one engine per executor JVM.
 *
 * <p>May import: {@code api}, {@code concurrent}, {@code text}, {@code decode}, {@code model},
 * {@code store}, {@code engine}.
 */
package dev.strata.udfs.spark;
