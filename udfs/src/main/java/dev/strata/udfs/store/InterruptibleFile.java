package dev.strata.udfs.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file behind a {@link FileChannel}, which is the fastest way into a direct buffer but closes
 * itself when a thread that reads from it is interrupted, and then fails in all others. So a read
 * that finds its channel closed by an interrupt opens another and goes on.
 */
final class InterruptibleFile implements Closeable {

  /** Its user has closed it. */
  static final class ClosedException extends IOException {

    private static final long serialVersionUID = 1L;

    private ClosedException() {
      super("the file is closed");
    }
  }

  private final Path path;
  private final Set<OpenOption> options;

  @GuardedBy("this")
  private FileChannel channel;

  @GuardedBy("this")
  private boolean closed;

  InterruptibleFile(Path path, OpenOption... options) throws IOException {
    this.path = path;
    this.options = Set.of(options);
    this.channel = FileChannel.open(path, this.options);
  }

  /**
   * Reads as {@link FileChannel#read(ByteBuffer, long)} does. A thread that is interrupted finishes
   * its read and stays interrupted.
   */
  int read(ByteBuffer target, long offset) throws IOException {
    int start = target.position();
    // An interrupt that is already pending would close the channel at once.
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        FileChannel current = channel();
        try {
          return current.read(target, offset);
        } catch (ClosedChannelException e) {
          interrupted |= Thread.interrupted();
          reopen(current);
          if (target.position() > start) {
            return target.position() - start; // the bytes were there when the interrupt came
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized FileChannel channel() throws IOException {
    if (closed) {
      throw new ClosedException();
    }
    return channel;
  }

  /**
   * Opens the file anew, as a handle that a file server has forgotten stays bad. Reads under way go
   * on with the new one.
   */
  synchronized void renew() throws IOException {
    if (!closed) {
      FileChannel before = channel;
      channel = FileChannel.open(path, options);
      before.close();
    }
  }

  /** Several threads may have seen one channel close: the first of them replaces it. */
  private synchronized void reopen(FileChannel broken) throws IOException {
    if (!closed && channel == broken) {
      channel = FileChannel.open(path, options);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
  }
}
