package dev.strata.udfs.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes copies of models that nobody uses, whole or half-made ones. */
final class CacheEviction {

  private static final Logger LOG = LoggerFactory.getLogger(CacheEviction.class);

  /** A directory of the cache. */
  private record Copy(Path directory, long bytes, FileTime used) {}

  private final Path cache;

  CacheEviction(Path cache) {
    this.cache = cache;
  }

  /** Bytes of all copies. */
  long bytes() throws IOException {
    return copies().stream().mapToLong(Copy::bytes).sum();
  }

  /** Removes those that were used longest ago, until at most so many bytes are left if possible. */
  void shrinkTo(long bytes) throws IOException {
    long left = bytes();
    for (Copy copy : copies()) {
      if (left <= bytes) {
        return;
      }
      if (remove(copy.directory())) {
        left -= copy.bytes();
      }
    }
  }

  /** Removes copies of earlier states of a model. */
  void removeOthersOf(Manifest current) throws IOException {
    for (Copy copy : copies()) {
      Optional<Manifest> manifest = Manifest.read(copy.directory());
      if (manifest.isPresent()
          && manifest.get().location().equals(current.location())
          && !manifest.get().equals(current)) {
        remove(copy.directory());
      }
    }
  }

  /** The copies, the one that was used longest ago first. */
  private List<Copy> copies() throws IOException {
    List<Copy> copies = new ArrayList<>();
    try (Stream<Path> entries = Files.list(cache)) {
      for (Path directory : entries.filter(Files::isDirectory).toList()) {
        copies.add(copy(directory));
      }
    }
    copies.sort(Comparator.comparing(Copy::used));
    return copies;
  }

  private static Copy copy(Path directory) throws IOException {
    Path manifest = directory.resolve(Manifest.FILE);
    Path witness = Files.exists(manifest) ? manifest : directory;
    long bytes = 0;
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    return new Copy(directory, bytes, Files.getLastModifiedTime(witness));
  }

  /** Whether it could be removed: whoever makes or uses a copy holds it. */
  private boolean remove(Path directory) throws IOException {
    String key = ModelCache.key(directory);
    Optional<Closeable> lock = CacheLock.tryExclusive(ModelCache.lock(cache, key));
    if (lock.isEmpty()) {
      return false;
    }
    try {
      LOG.info("the copy {} of a model is removed", directory);
      delete(directory);
    } finally {
      lock.get().close();
    }
    return true;
  }

  /** Under another name first: what is left if this process dies now is no whole copy. */
  private void delete(Path directory) throws IOException {
    Path part = ModelCache.part(cache, ModelCache.key(directory));
    if (!directory.equals(part)) {
      deleteFiles(part);
      Files.move(directory, part, StandardCopyOption.ATOMIC_MOVE);
    }
    deleteFiles(part);
  }

  /** Removes a directory with all that is in it, if it is there. */
  static void deleteFiles(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          deleteFiles(file);
        } else {
          Files.delete(file);
        }
      }
    }
    Files.delete(directory);
  }
}
