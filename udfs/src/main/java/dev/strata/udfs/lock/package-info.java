/**
 * What keeps two runs from doing the same at the same time: a file of any file system that Hadoop
 * knows, which says who holds it.
 *
 * <p>May import: {@code api}; Hadoop's file systems.
 */
package dev.strata.udfs.lock;
