/**
 * Rings and prefetch: bytes from disk to the slots of a ring, in an endless cycle of tiles that
 * never stops between sweeps. Knows nothing of transformers, nor of DJL; {@code tensor} implements
 * its slots.
 *
 * <p>May import: {@code concurrent}.
 */
package dev.strata.udfs.stream;
