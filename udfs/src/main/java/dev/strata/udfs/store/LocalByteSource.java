package dev.strata.udfs.store;

import dev.strata.udfs.concurrent.Retries;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A local file, read through the page cache. */
final class LocalByteSource implements ByteSource {

  private static final int HEAP_CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final long length;
  private final InterruptibleFile file;
  private final Retries retries;

  /**
   * @param retries tries again what may fail for a while
   */
  LocalByteSource(Path path, Retries retries) throws IOException {
    this.path = path;
    this.retries = retries;
    // Not FileChannel.size, which a pending interrupt ends.
    this.length = Files.size(path);
    this.file = new InterruptibleFile(path, StandardOpenOption.READ);
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    int start = target.position();
    try {
      retries.run(() -> readOnce(offset, target.position(start)));
    } catch (EOFException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(path, offset, target.limit() - start, e);
    }
  }

  private Void readOnce(long offset, ByteBuffer target) throws IOException {
    int start = target.position();
    return renewing(
        file,
        () -> {
          while (target.hasRemaining()) {
            readSome(offset + target.position() - start, target);
          }
          return null;
        });
  }

  /** The result of a read; after one that failed the next has a handle of its own. */
  static <T> T renewing(InterruptibleFile file, Retries.Attempt<T> read) throws IOException {
    try {
      return read.run();
    } catch (EOFException e) {
      throw e;
    } catch (IOException e) {
      try {
        file.renew();
      } catch (IOException other) {
        other.addSuppressed(e);
        throw other;
      }
      throw e;
    }
  }

  private void readSome(long offset, ByteBuffer target) throws IOException {
    int bytes = target.isDirect() ? file.read(target, offset) : readHeap(offset, target);
    if (bytes < 0) {
      throw endOfFile(path, offset, target.remaining());
    }
  }

  /** Java copies by a direct buffer as large as the read, and the thread keeps that buffer. */
  private int readHeap(long offset, ByteBuffer target) throws IOException {
    int start = target.position();
    int size = Math.min(target.remaining(), HEAP_CHUNK_BYTES);
    int bytes = file.read(target.slice(start, size), offset);
    target.position(start + Math.max(bytes, 0));
    return bytes;
  }

  static IOException unreadable(Path path, long offset, int bytes, IOException cause) {
    return new IOException(
        String.format("cannot read %d bytes at offset %d of %s: %s", bytes, offset, path, cause),
        cause);
  }

  static EOFException endOfFile(Path path, long end, int missing) {
    return new EOFException(
        String.format(
            "%s ends before offset %d, where %d more bytes are wanted", path, end, missing));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
