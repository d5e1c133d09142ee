/**
 * Threads: daemons by their names, waits for them that an interrupt does not end, and what is
 * closed after a failure, whichever thread it was on.
 *
 * <p>May import: the JDK only.
 */
package dev.strata.udfs.concurrent;
