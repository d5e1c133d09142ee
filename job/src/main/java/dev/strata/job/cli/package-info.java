/**
 * The {@code strata} commands: options, which are names for {@code spark.strata.*} keys, and exit
 * codes.
 *
 * <p>May import: {@code run}, {@code dataset}, {@code plan}, {@code udfs.api}, {@code udfs.tools}.
 */
package dev.strata.job.cli;
