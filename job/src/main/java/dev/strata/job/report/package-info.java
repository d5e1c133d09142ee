/**
 * The report at the end of a run.
 *
 * <p>May import: {@code udfs.api}, {@code udfs.page}, {@code udfs.spark}.
 */
package dev.strata.job.report;
