package dev.strata.udfs.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.QuotaUsage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What may yet be written into a directory, which need not be there.
 *
 * @param bytes all copies of a block counted as one
 * @param names of files and directories
 * @param least bytes that a file takes from the quota while it is written; 0 where there is none
 * @param quota the directory whose quota is what limits; null where none does
 */
record PlaceSpace(long bytes, long names, long least, Path quota) {

  private static final Logger LOG = LoggerFactory.getLogger(PlaceSpace.class);

  /** Others have no quotas, and would count all files to say so. */
  private static final Set<String> WITH_QUOTAS = Set.of("hdfs", "viewfs", "webhdfs", "swebhdfs");

  /** A name node counts files where a directory has no quota, of which there may be very many. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** Empty where the file system does not say. */
  static Optional<PlaceSpace> of(Configuration hadoop, String place) {
    try {
      Path path = new Path(place);
      FileSystem files = path.getFileSystem(hadoop);
      Path there = files.makeQualified(path);
      while (there.getParent() != null && !isThere(files, there)) {
        there = there.getParent();
      }
      long copies = Math.max(1, files.getDefaultReplication(there));
      long free = files.getStatus(there).getRemaining() / copies;
      return Optional.of(
          new PlaceSpace(free, Long.MAX_VALUE, 0, null).within(quota(files, there), files, copies));
    } catch (IOException | RuntimeException e) { // whoever writes there says more
      LOG.debug("nobody says how much is free in {}", place, e);
      return Optional.empty();
    }
  }

  private static boolean isThere(FileSystem files, Path path) throws IOException {
    try {
      return files.getFileStatus(path) != null;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  private record Quota(Path directory, QuotaUsage usage) {}

  private PlaceSpace within(Optional<Quota> quota, FileSystem files, long copies) {
    if (quota.isEmpty()) {
      return this;
    }
    Path directory = quota.get().directory();
    QuotaUsage usage = quota.get().usage();
    long left =
        hasSpaceQuota(usage)
            ? Math.max(0, usage.getSpaceQuota() - usage.getSpaceConsumed()) / copies
            : Long.MAX_VALUE;
    long namesLeft =
        hasNameQuota(usage)
            ? Math.max(0, usage.getQuota() - usage.getFileAndDirectoryCount())
            : Long.MAX_VALUE;
    return new PlaceSpace(
        Math.min(bytes, left),
        namesLeft,
        hasSpaceQuota(usage) ? files.getDefaultBlockSize(directory) : 0,
        directory);
  }

  private static boolean hasSpaceQuota(QuotaUsage usage) {
    return usage.getSpaceQuota() >= 0 && usage.getSpaceQuota() < Long.MAX_VALUE;
  }

  private static boolean hasNameQuota(QuotaUsage usage) {
    return usage.getQuota() >= 0 && usage.getQuota() < Long.MAX_VALUE;
  }

  /** The nearest that applies to a directory. */
  private static Optional<Quota> quota(FileSystem files, Path directory) {
    if (!WITH_QUOTAS.contains(files.getUri().getScheme())) {
      return Optional.empty();
    }
    CompletableFuture<Optional<Quota>> asked =
        CompletableFuture.supplyAsync(() -> nearest(files, directory));
    try {
      return asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("nobody says what quota {} has", directory, e);
      return Optional.empty();
    }
  }

  private static Optional<Quota> nearest(FileSystem files, Path directory) {
    for (Path path = directory; path.getParent() != null; path = path.getParent()) {
      try {
        QuotaUsage usage = files.getQuotaUsage(path);
        if (hasSpaceQuota(usage) || hasNameQuota(usage)) {
          return Optional.of(new Quota(path, usage));
        }
      } catch (IOException | RuntimeException e) { // one may not look into all of it
        LOG.debug("nobody says what quota {} has", path, e);
      }
    }
    return Optional.empty();
  }
}
