/**
 * The {@code strata} commands: options, which are names for {@code spark.strata.*} keys, and exit
 * codes.
 *
 * <p>May import: {@code run}, {@code report}, {@code udfs.api}, {@code udfs.tools}, {@code sql}.
 */
package dev.strata.job.cli;
