/**
 * Records that cross between driver and executors: what to run, a prompt, a completion, sampling
 * options, and the {@code spark.strata.*} keys. Immutable, serializable, free of Spark.
 *
 * <p>May import: the JDK only.
 */
package dev.strata.udfs.api;
