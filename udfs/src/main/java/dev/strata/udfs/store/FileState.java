package dev.strata.udfs.store;

/**
 * What tells a file from one that was changed or took its place.
 *
 * @param modified when it was last changed, in nanoseconds since 1970 as far as its file system
 *     keeps them
 * @param identity which file it is among all that there were of its name; empty where its file
 *     system does not say
 */
public record FileState(long length, long modified, String identity) {}
