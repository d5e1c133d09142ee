package dev.strata.udfs.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.strata.udfs.concurrent.Cleanup;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A hold on a copy of a model: shared by those that use it, or exclusive for one that makes or
 * removes it. It holds against other processes and, because those of the operating system do not,
 * against other threads; the end of a process, whatever its reason, ends its holds.
 */
final class CacheLock {

  @GuardedBy("CacheLock.class")
  private static final Map<Path, CacheLock> OF_THIS_JVM = new HashMap<>();

  private final Path file;
  private final FileChannel channel;
  private final boolean shared;

  @GuardedBy("CacheLock.class")
  private int users = 1;

  private CacheLock(Path file, FileChannel channel, boolean shared) {
    this.file = file;
    this.channel = channel;
    this.shared = shared;
  }

  /** A hold beside others that use the copy, or empty if somebody makes or removes it. */
  static Optional<Closeable> tryShared(Path file) throws IOException {
    synchronized (CacheLock.class) {
      CacheLock held = OF_THIS_JVM.get(file);
      if (held == null) {
        return lock(file, true);
      }
      if (!held.shared) {
        return Optional.empty();
      }
      held.users++;
      return Optional.of(held.release());
    }
  }

  /** The only hold, or empty if there is any other. */
  static Optional<Closeable> tryExclusive(Path file) throws IOException {
    synchronized (CacheLock.class) {
      // Not even opened: closing it would end the process's other hold on it.
      return OF_THIS_JVM.containsKey(file) ? Optional.empty() : lock(file, false);
    }
  }

  @GuardedBy("CacheLock.class")
  private static Optional<Closeable> lock(Path file, boolean shared) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
      if (lock == null) {
        channel.close();
        return Optional.empty();
      }
      CacheLock held = new CacheLock(file, channel, shared);
      OF_THIS_JVM.put(file, held);
      return Optional.of(held.release());
    } catch (Throwable e) {
      OF_THIS_JVM.remove(file);
      Cleanup.closeAfter(e, channel);
      throw e;
    }
  }

  /** Ends one user's hold, once. */
  private Closeable release() {
    boolean[] released = new boolean[1];
    return () -> {
      synchronized (CacheLock.class) {
        if (!released[0]) {
          released[0] = true;
          users--;
          if (users == 0) {
            OF_THIS_JVM.remove(file);
            channel.close();
          }
        }
      }
    };
  }
}
