/**
 * Threads: daemons by their names, waits for them that an interrupt does not end, what is closed
 * after a failure, whichever thread it was on, and how that is thrown on, and what is tried again.
 *
 * <p>May import: the JDK only.
 */
package dev.strata.udfs.concurrent;
