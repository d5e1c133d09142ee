/**
 * Reading and writing data sets.
 *
 * <p>May import: {@code openai}, {@code udfs.api}.
 */
package dev.strata.job.dataset;
