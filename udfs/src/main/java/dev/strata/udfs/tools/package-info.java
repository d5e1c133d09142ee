/**
 * What the command line needs without Spark: the examination of a machine, the benchmark, and
 * random checkpoints of a given shape for it and for tests.
 *
 * <p>May import: {@code api}, {@code concurrent}, {@code engine}, {@code tensor}, {@code store},
 * {@code model}, {@code decode}, {@code text}.
 */
package dev.strata.udfs.tools;
