/**
 * What the command line needs without Spark: the benchmark, and random checkpoints of a given shape
 * for it and for tests.
 *
 * <p>May import: {@code engine}, {@code tensor}, {@code store}, {@code model}, {@code decode}.
 */
package dev.strata.udfs.tools;
