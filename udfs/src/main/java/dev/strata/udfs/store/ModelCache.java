package dev.strata.udfs.store;

import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.concurrent.Cleanup;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Local copies of models that are on other file systems, in a directory that all processes of a
 * node may share. For a model {@code key} there are
 *
 * <ul>
 *   <li>{@code key.lock}, held exclusively while the copy is made or removed, shared while it is
 *       used; it stays when the copy goes
 *   <li>{@code key.part}, what is copied so far; the next process goes on from there
 *   <li>{@code key}, the whole copy, which is made by one rename
 * </ul>
 */
final class ModelCache {

  private static final Logger LOG = LoggerFactory.getLogger(ModelCache.class);

  private static final String PART = ".part";
  private static final long POLL_MILLIS = 200;

  private final Path directory;
  private final long limit;

  /**
   * @param directory made if there is none
   * @param limit the most bytes of all copies; 0 for no limit
   */
  ModelCache(Path directory, long limit) {
    this.directory = directory.toAbsolutePath().normalize();
    this.limit = limit;
  }

  /** The cache that a staging names. */
  static ModelCache of(ModelStaging staging) {
    Path directory =
        staging.cacheDirectory() == null
            ? Path.of(System.getProperty("java.io.tmpdir"), "strata-models")
            : Path.of(staging.cacheDirectory());
    return new ModelCache(directory, staging.cacheBytes());
  }

  Path directory() {
    return directory;
  }

  static Path lock(Path cache, String key) {
    return cache.resolve(key + ".lock");
  }

  static Path part(Path cache, String key) {
    return cache.resolve(key + PART);
  }

  /** The key of a copy's directory, whole or not. */
  static String key(Path copy) {
    String name = copy.getFileName().toString();
    return name.endsWith(PART) ? name.substring(0, name.length() - PART.length()) : name;
  }

  /**
   * The files of the model's copy, which is made if there is none; while another thread or process
   * makes it, this one waits. The copy stays at least until the files are closed.
   *
   * @param activity advances with what is copied, whoever copies it
   * @throws StrataException if there is no room for it, or the model cannot be read
   */
  ModelFiles copyOf(HadoopModelFiles remote, Activity activity) {
    try {
      Files.createDirectories(directory);
      return copyOf(remote, Manifest.of(remote), activity);
    } catch (IOException e) {
      throw HadoopErrors.cannotCopy(remote.location(), directory, e);
    }
  }

  private ModelFiles copyOf(HadoopModelFiles remote, Manifest manifest, Activity activity)
      throws IOException {
    Path copy = directory.resolve(manifest.key());
    Path lock = lock(directory, manifest.key());
    boolean waits = false;
    long missing = 0;
    while (true) {
      Optional<ModelFiles> files = use(copy, lock, manifest);
      if (files.isPresent()) {
        return files.get();
      }
      if (!makeUnlessLocked(remote, manifest, lock, activity)) {
        if (!waits) {
          LOG.info("waiting for another task to copy model {} to {}", manifest.location(), copy);
        }
        waits = true;
        missing = advanced(missing, manifest, activity);
        pause();
      }
    }
  }

  /** Somebody else copies: what is missing now says whether that goes on. */
  private long advanced(long before, Manifest manifest, Activity activity) throws IOException {
    long missing = manifest.missingBytes(part(directory, manifest.key()));
    if (missing != before) {
      activity.advances();
    }
    return missing;
  }

  private static Optional<ModelFiles> use(Path copy, Path lock, Manifest manifest)
      throws IOException {
    Optional<Closeable> held = CacheLock.tryShared(lock);
    if (held.isEmpty()) {
      return Optional.empty();
    }
    try {
      if (isWhole(copy, manifest)) {
        Files.setLastModifiedTime(copy.resolve(Manifest.FILE), FileTime.from(Instant.now()));
        return Optional.of(new LocalModelFiles(copy, held.get()));
      }
    } catch (Throwable e) {
      Cleanup.closeAfter(e, held.get());
      throw e;
    }
    held.get().close();
    return Optional.empty();
  }

  /** Whether a copy is there, and nobody has changed it since all of it was read. */
  private static boolean isWhole(Path copy, Manifest manifest) throws IOException {
    return manifest.isIn(copy)
        && FileRecord.read(copy.resolve(FileRecord.FILE)).isOf(copy, manifest.names());
  }

  /**
   * The copy of a model as it is, changed or not, or empty if there is none that is complete or if
   * it is just being made. It stays at least until the files are closed.
   */
  Optional<ModelFiles> find(HadoopModelFiles remote) throws IOException {
    Manifest manifest = Manifest.of(remote);
    Path copy = directory.resolve(manifest.key());
    if (!manifest.isIn(copy)) {
      return Optional.empty();
    }
    Optional<Closeable> held = CacheLock.tryShared(lock(directory, manifest.key()));
    return held.map(hold -> new LocalModelFiles(copy, hold));
  }

  private boolean makeUnlessLocked(
      HadoopModelFiles remote, Manifest manifest, Path lock, Activity activity) throws IOException {
    Optional<Closeable> held = CacheLock.tryExclusive(lock);
    if (held.isEmpty()) {
      return false;
    }
    try {
      if (!isWhole(directory.resolve(manifest.key()), manifest)) {
        make(remote, manifest, activity);
      }
    } finally {
      held.get().close();
    }
    new CacheEviction(directory).removeOthersOf(manifest);
    return true;
  }

  private void make(HadoopModelFiles remote, Manifest manifest, Activity activity)
      throws IOException {
    Path copy = directory.resolve(manifest.key());
    Path part = part(directory, manifest.key());
    if (Files.exists(copy)) { // somebody took files out of it, or changed some
      LOG.info("the copy {} is not as it was when it was made; it is read through", copy);
      CacheEviction.deleteFiles(part);
      Files.move(copy, part, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.createDirectories(part);
    makeRoom(manifest, part);
    fill(new ModelCopy(remote, manifest, part, activity), manifest, part);
    Files.move(part, copy, StandardCopyOption.ATOMIC_MOVE);
  }

  private void fill(ModelCopy copy, Manifest manifest, Path part) throws IOException {
    try {
      copy.make();
    } catch (IOException e) {
      requireSpace(manifest, part); // says it better, if that is what is wrong
      throw e;
    }
  }

  private void makeRoom(Manifest manifest, Path part) throws IOException {
    if (limit > 0) {
      CacheEviction eviction = new CacheEviction(directory);
      long missing = manifest.missingBytes(part);
      eviction.shrinkTo(limit - missing);
      long taken = eviction.bytes();
      if (taken + missing > limit) {
        throw StrataException.resources(
            "model %s needs %d bytes more in %s, where copies in use take %d of %d bytes; raise"
                + " spark.strata.model.cacheSize, or set spark.strata.model.staging=direct",
            manifest.location(), missing, directory, taken, limit);
      }
    }
    requireSpace(manifest, part);
  }

  private void requireSpace(Manifest manifest, Path part) throws IOException {
    long missing = manifest.missingBytes(part);
    long free = Files.getFileStore(part).getUsableSpace();
    if (missing > free) {
      throw StrataException.resources(
          "model %s needs %d bytes more in %s, where %d are free; make room, set"
              + " spark.strata.model.cacheDir to a larger disk, or"
              + " spark.strata.model.staging=direct",
          manifest.location(), missing, directory, free);
    }
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while another task copied the model");
    }
  }
}
