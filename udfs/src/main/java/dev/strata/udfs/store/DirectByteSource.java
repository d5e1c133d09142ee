package dev.strata.udfs.store;

import com.sun.nio.file.ExtendedOpenOption;
import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.concurrent.Retries;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A local file whose blocks go straight from the disk to where they are wanted, past the page
 * cache: for files that do not fit there, from which every read would be a read of the disk and a
 * copy. Reads of single rows and headers, which begin and end anywhere, go through the page cache.
 */
final class DirectByteSource implements ByteSource {

  /**
   * What disks and file systems of our day want offsets, lengths and addresses to be multiples of;
   * many want less.
   */
  static final int BLOCK_BYTES = 4096;

  private final Path path;
  private final LocalByteSource cached;
  private final InterruptibleFile file;
  private final Retries retries;

  private DirectByteSource(
      Path path, LocalByteSource cached, InterruptibleFile file, Retries retries) {
    this.path = path;
    this.retries = retries;
    this.cached = cached;
    this.file = file;
  }

  /**
   * Opens a file, or is empty where its file system has no direct reads.
   *
   * @param retries tries again what may fail for a while
   */
  static Optional<ByteSource> open(Path path, Retries retries) throws IOException {
    LocalByteSource cached = new LocalByteSource(path, retries);
    try {
      Optional<InterruptibleFile> file = openDirect(path);
      if (file.isEmpty()) {
        cached.close();
      }
      return file.map(direct -> new DirectByteSource(path, cached, direct, retries));
    } catch (Throwable e) {
      Cleanup.closeAfter(e, cached);
      throw e;
    }
  }

  private static Optional<InterruptibleFile> openDirect(Path path) throws IOException {
    InterruptibleFile file;
    try {
      if (BLOCK_BYTES % Files.getFileStore(path).getBlockSize() != 0) {
        return Optional.empty();
      }
      file = new InterruptibleFile(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
    try {
      if (canRead(file)) {
        return Optional.of(file);
      }
    } catch (Throwable e) {
      Cleanup.closeAfter(e, file);
      throw e;
    }
    file.close();
    return Optional.empty();
  }

  /** Some file systems open a file for direct reads and refuse the first of them. */
  private static boolean canRead(InterruptibleFile file) {
    try {
      ByteBuffer block = ByteBuffer.allocateDirect(2 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
      file.read(block.limit(BLOCK_BYTES), 0);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public long length() {
    return cached.length();
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    cached.read(offset, target);
  }

  @Override
  public int blockBytes() {
    return BLOCK_BYTES;
  }

  @Override
  public void readBlocks(long offset, ByteBuffer target, int wanted) throws IOException {
    try {
      retries.run(
          () -> LocalByteSource.renewing(file, () -> readBlocksOnce(offset, target, wanted)));
    } catch (EOFException e) {
      throw e;
    } catch (IOException e) {
      throw LocalByteSource.unreadable(path, offset, wanted, e);
    }
  }

  private Void readBlocksOnce(long offset, ByteBuffer target, int wanted) throws IOException {
    for (int done = 0; done < wanted; ) {
      done += readSome(offset + done, target.slice(done, target.limit() - done), wanted - done);
    }
    return null;
  }

  /** Reads whole blocks, or all that is wanted of the last. */
  private int readSome(long offset, ByteBuffer target, int wanted) throws IOException {
    int bytes = Math.max(0, file.read(target, offset));
    if (bytes >= wanted) {
      return bytes;
    }
    // A read that is cut short goes on at a block's begin; only the file's end is within a block.
    int blocks = bytes - bytes % BLOCK_BYTES;
    if (blocks == 0) {
      throw LocalByteSource.endOfFile(path, offset + bytes, wanted - bytes);
    }
    return blocks;
  }

  @Override
  public void close() throws IOException {
    try (file) {
      cached.close();
    }
  }
}
