/**
 * What a run does while it goes on, for people and for their tools: a plugin of Spark's that
 * carries it from inside tasks to the driver, a tab of the Spark UI, which the history server shows
 * as well, and figures for Spark's metrics.
 *
 * <p>May import: {@code api}, {@code concurrent}, {@code page}, {@code spark}.
 */
package dev.strata.udfs.live;
