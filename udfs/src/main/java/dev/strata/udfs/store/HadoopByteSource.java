package dev.strata.udfs.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.concurrent.Retries;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * A file of a Hadoop file system. Each reader has a stream of its own, because those of object
 * stores serve one at a time; a stream that has failed is not used again.
 */
final class HadoopByteSource implements ByteSource {

  /** As much as a tile reader asks for at once, so that this is one request of an object store. */
  private static final int CHUNK_BYTES = 4 << 20;

  /** Opens the file once more. */
  interface Opener {
    FSDataInputStream open() throws IOException;
  }

  /** Its user has closed it. */
  static final class ClosedException extends IOException {

    private static final long serialVersionUID = 1L;

    private ClosedException() {
      super("the file is closed");
    }
  }

  private final String path;
  private final long length;
  private final Opener opener;
  private final ExecutorService threads;
  private final Retries retries;

  @GuardedBy("this")
  private final Deque<FSDataInputStream> idle = new ArrayDeque<>();

  @GuardedBy("this")
  private boolean closed;

  HadoopByteSource(
      String path, long length, Opener opener, ExecutorService threads, Retries retries) {
    this.path = path;
    this.length = length;
    this.opener = opener;
    this.threads = threads;
    this.retries = retries;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    requireWithin(offset, target.remaining());
    int start = target.position();
    int bytes = target.remaining();
    try {
      retries.run(() -> readOnce(offset, target.position(start)));
    } catch (IOException e) {
      throw new IOException(
          String.format("cannot read %d bytes at offset %d of %s: %s", bytes, offset, path, e), e);
    }
  }

  private Void readOnce(long offset, ByteBuffer target) throws IOException {
    requireOpen();
    return Uninterrupted.get(threads.submit(() -> fill(offset, target)));
  }

  private void requireWithin(long offset, int bytes) throws EOFException {
    long end = Math.max(offset, length);
    if (offset + bytes > end) {
      throw new EOFException(
          String.format(
              "%s ends before offset %d, where %d more bytes are wanted",
              path, end, offset + bytes - end));
    }
  }

  private synchronized void requireOpen() throws IOException {
    if (closed) {
      throw new ClosedException();
    }
  }

  private Void fill(long offset, ByteBuffer target) throws IOException {
    FSDataInputStream stream = take();
    try {
      fill(stream, offset, target);
    } catch (Throwable e) {
      Cleanup.closeAfter(e, stream);
      throw e;
    }
    giveBack(stream);
    return null;
  }

  private static void fill(FSDataInputStream stream, long offset, ByteBuffer target)
      throws IOException {
    if (target.hasArray()) {
      int start = target.arrayOffset() + target.position();
      stream.readFully(offset, target.array(), start, target.remaining());
      target.position(target.limit());
      return;
    }
    byte[] chunk = new byte[Math.min(CHUNK_BYTES, target.remaining())];
    long next = offset;
    while (target.hasRemaining()) {
      int bytes = Math.min(chunk.length, target.remaining());
      stream.readFully(next, chunk, 0, bytes);
      target.put(chunk, 0, bytes);
      next += bytes;
    }
  }

  private FSDataInputStream take() throws IOException {
    synchronized (this) {
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    return opener.open();
  }

  private void giveBack(FSDataInputStream stream) throws IOException {
    synchronized (this) {
      if (!closed) {
        idle.push(stream);
        return;
      }
    }
    stream.close();
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    IOException failure = new IOException(path + " cannot be closed");
    while (!idle.isEmpty()) {
      Cleanup.closeAfter(failure, idle.pop());
    }
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }
}
