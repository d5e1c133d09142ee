/**
 * Threads: daemons by their names, and waits for them that an interrupt does not end.
 *
 * <p>May import: the JDK only.
 */
package dev.strata.udfs.concurrent;
