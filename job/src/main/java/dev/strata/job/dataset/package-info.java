/**
 * Reading and writing data sets.
 *
 * <p>May import: {@code udfs.api}.
 */
package dev.strata.job.dataset;
