/**
 * Puts a run together: session, data, partition function, progress, report.
 *
 * <p>May import: all rooms of the driver but {@code cli}; {@code udfs.api}, {@code udfs.live},
 * {@code udfs.spark}.
 */
package dev.strata.job.run;
