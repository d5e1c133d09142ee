package dev.strata.udfs.spark;

import java.util.List;

/**
 * A row that was read and what it asks.
 *
 * @param kept what comes out of the row beside its answers, as bytes
 * @param questions what it asks, which may be nothing
 */
// The bytes go to one reader and are not compared: an array spares a copy.
@SuppressWarnings("ArrayRecordComponent")
public record AskedRow(byte[] kept, List<Question> questions) {}
