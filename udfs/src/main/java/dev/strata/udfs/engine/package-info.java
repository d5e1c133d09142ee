/**
 * Memory plan, wave and sweep: the service that owns a device and streams a model through it. The
 * only place where streaming meets mathematics.
 *
 * <p>May import: all rooms above it.
 */
package dev.strata.udfs.engine;
