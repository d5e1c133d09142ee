package dev.strata.udfs.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A local file behind a {@link FileChannel}, which is the fastest way into a direct buffer but
 * closes itself when a thread that reads from it is interrupted, and then fails in all others. So a
 * read that finds its channel closed by an interrupt opens another and goes on.
 */
final class LocalByteSource implements ByteSource {

  private static final int HEAP_CHUNK_BYTES = 1 << 20;

  private final Path file;
  private final long length;

  @GuardedBy("this")
  private FileChannel channel;

  @GuardedBy("this")
  private boolean closed;

  LocalByteSource(Path file) throws IOException {
    this.file = file;
    // Not FileChannel.size, which a pending interrupt ends.
    this.length = Files.size(file);
    this.channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    int start = target.position();
    // An interrupt that is already pending would close the channel at once.
    boolean interrupted = Thread.interrupted();
    try {
      while (target.hasRemaining()) {
        interrupted |= readSome(offset + target.position() - start, target);
      }
    } catch (EOFException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(
          String.format(
              "cannot read %d bytes at offset %d of %s: %s",
              target.limit() - start, offset, file, e),
          e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Reads at least one byte, unless an interrupt closes the channel; whether it was this thread's.
   */
  private boolean readSome(long offset, ByteBuffer target) throws IOException {
    FileChannel current = open();
    try {
      int bytes =
          target.isDirect() ? current.read(target, offset) : readHeap(current, offset, target);
      if (bytes < 0) {
        throw new EOFException(
            String.format(
                "%s ends before offset %d, where %d more bytes are wanted",
                file, offset, target.remaining()));
      }
      return false;
    } catch (ClosedChannelException e) {
      boolean interrupted = Thread.interrupted();
      reopen(current);
      return interrupted;
    }
  }

  /** Java copies by a direct buffer as large as the read, and the thread keeps that buffer. */
  private static int readHeap(FileChannel channel, long offset, ByteBuffer target)
      throws IOException {
    int start = target.position();
    int size = Math.min(target.remaining(), HEAP_CHUNK_BYTES);
    int bytes = channel.read(target.slice(start, size), offset);
    target.position(start + Math.max(bytes, 0));
    return bytes;
  }

  private synchronized FileChannel open() throws IOException {
    if (closed) {
      throw new IOException("the file is closed");
    }
    return channel;
  }

  /** Several threads may have seen one channel close: the first of them replaces it. */
  private synchronized void reopen(FileChannel broken) throws IOException {
    if (!closed && channel == broken) {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
  }
}
