/**
 * OpenAI's batch format: a request on each line of a file, and the lines of the answer.
 *
 * <p>May import: {@code udfs.api}; Jackson, which Spark brings.
 */
package dev.strata.job.openai;
