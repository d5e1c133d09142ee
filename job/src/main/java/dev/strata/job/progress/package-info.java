/**
 * What executors report while a run goes on, as a line on the console.
 *
 * <p>May import: {@code udfs.api}, {@code udfs.live}, {@code udfs.page}, {@code udfs.spark}.
 */
package dev.strata.job.progress;
