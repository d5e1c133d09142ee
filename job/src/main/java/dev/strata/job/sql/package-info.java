/**
 * SQL from a command line: statements one after the other, their rows on standard output.
 *
 * <p>May import: {@code udfs.api}, {@code dataset}.
 */
package dev.strata.job.sql;
