/**
 * Pure planning of a run, without a Spark session: how many partitions.
 *
 * <p>May import: {@code udfs.api}.
 */
package dev.strata.job.plan;
