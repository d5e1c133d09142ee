/**
 * What the command line needs without Spark: the examination of a machine, random checkpoints of a
 * given shape for benchmarks and tests.
 *
 * <p>May import: {@code engine}, {@code store}, {@code model}, {@code decode}, {@code text}.
 */
package dev.strata.udfs.tools;
