/**
 * Choosing tokens and knowing when to stop: samplers, seeds, stop conditions.
 *
 * <p>May import: {@code api}.
 */
package dev.strata.udfs.decode;
