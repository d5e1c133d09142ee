/**
 * What the command line needs without Spark: random checkpoints of a given shape for benchmarks and
 * tests.
 *
 * <p>May import: {@code engine}, {@code store}, {@code model}, {@code decode}.
 */
package dev.strata.udfs.tools;
