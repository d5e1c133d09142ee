/**
 * {@code strata benchmark}: runs the engine on a model, measures what the machine could do, and
 * sets one against the other. Part of the room {@code tools}.
 */
package dev.strata.udfs.tools.benchmark;
