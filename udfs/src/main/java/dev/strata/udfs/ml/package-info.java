/**
 * Stages for pipelines of Spark ML. Nothing else needs {@code spark-mllib}, which is not in every
 * Spark.
 *
 * <p>May import: {@code api}, {@code spark}.
 */
package dev.strata.udfs.ml;
