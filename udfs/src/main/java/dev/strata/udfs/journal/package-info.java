/**
 * What a run's rows have produced, durable soon after it exists: segments beside the output,
 * written while the run goes on and read by whoever continues it. Needs no append and no rename of
 * the file system: a segment is one file, whose name says how long it is and what its checksum is,
 * so that one that was not written whole is known and left out.
 *
 * <p>May import: {@code api}, {@code concurrent}; Arrow, whose stream format segments have;
 * Hadoop's file systems.
 */
package dev.strata.udfs.journal;
