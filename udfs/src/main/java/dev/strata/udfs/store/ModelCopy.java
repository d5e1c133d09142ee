package dev.strata.udfs.store;

import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.store.Manifest.RemoteFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a model's files to a local directory, several at once. It goes on from the bytes that are
 * there, syncs what it wrote, and compares lengths and checksums of what it read: those that the
 * file system keeps, or else those of an earlier reading of the copy.
 */
final class ModelCopy {

  private static final Logger LOG = LoggerFactory.getLogger(ModelCopy.class);

  private static final int FILES_AT_ONCE = 4;
  private static final int BUFFER_BYTES = 1 << 20;

  private final HadoopModelFiles remote;
  private final Manifest manifest;
  private final Path target;
  private final Activity activity;

  /**
   * @param activity advances with what is read and written
   */
  ModelCopy(HadoopModelFiles remote, Manifest manifest, Path target, Activity activity) {
    this.activity = activity;
    this.remote = remote;
    this.manifest = manifest;
    this.target = target;
  }

  /** Copies what is missing, and writes the manifest. */
  void make() throws IOException {
    long start = System.nanoTime();
    long missing = manifest.missingBytes(target);
    LOG.info(
        "copying {} of {} bytes of model {} to {}",
        missing,
        manifest.bytes(),
        manifest.location(),
        target);
    Path record = target.resolve(FileRecord.FILE);
    new FileRecord(copyFiles(FileRecord.read(record))).write(record);
    sync(record);
    manifest.write(target);
    sync(target.resolve(Manifest.FILE));
    sync(target);
    LOG.info(
        "copied {} bytes of model {} in {} s",
        missing,
        manifest.location(),
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
  }

  private List<FileRecord.Entry> copyFiles(FileRecord earlier) throws IOException {
    ExecutorService threads = Executors.newFixedThreadPool(FILES_AT_ONCE);
    try {
      List<Future<FileRecord.Entry>> copies = new ArrayList<>();
      for (RemoteFile file : manifest.files()) {
        copies.add(threads.submit(() -> copy(file, earlier)));
      }
      List<FileRecord.Entry> entries = new ArrayList<>();
      for (Future<FileRecord.Entry> copy : copies) {
        entries.add(await(copy));
      }
      return entries;
    } catch (Throwable e) {
      remote.ending(); // nobody tries again
      throw e;
    } finally {
      end(threads);
    }
  }

  private static <T> T await(Future<T> copy) throws IOException {
    try {
      return copy.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the model was copied");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  /** Nobody writes any more when this returns, so that the copy's lock may go. */
  private static void end(ExecutorService threads) throws InterruptedIOException {
    threads.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
        LOG.warn("waiting for reads of the model to end");
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while the model was copied");
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private FileRecord.Entry copy(RemoteFile file, FileRecord earlier) throws IOException {
    Path path = target.resolve(file.name());
    Optional<FileRecord.Entry> unchanged = earlier.unchanged(file.name(), path);
    if (unchanged.isPresent() && unchanged.get().state().length() == file.length()) {
      return unchanged.get();
    }
    int crc = copyAndCompare(file, path, earlier.find(file.name()));
    FileState state =
        LocalModelFiles.state(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
    return new FileRecord.Entry(file.name(), state, crc);
  }

  private int copyAndCompare(RemoteFile file, Path path, Optional<FileRecord.Entry> earlier)
      throws IOException {
    OptionalInt kept = remote.crc32c(file.name());
    OptionalInt expected =
        kept.isPresent()
            ? kept
            : earlier.map(entry -> OptionalInt.of(entry.crc32c())).orElse(OptionalInt.empty());
    boolean continued = Files.exists(path);
    int actual = copy(file, path);
    if (continued && expected.isPresent() && actual != expected.getAsInt()) {
      LOG.warn("what was there of {} is damaged; copying it anew", path);
      Files.delete(path);
      actual = copy(file, path);
    }
    if (kept.isPresent() && actual != kept.getAsInt()) {
      Files.delete(path);
      throw new IOException(
          String.format(
              "the copy of %s has the CRC32C %08x, but its file system says %08x",
              remote.path(file.name()), actual, kept.getAsInt()));
    }
    return actual;
  }

  /** Completes a file and returns the CRC32C of its bytes. */
  private int copy(RemoteFile file, Path path) throws IOException {
    Files.createDirectories(path.getParent());
    CRC32C crc = new CRC32C();
    byte[] bytes = new byte[BUFFER_BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    try (FileChannel out =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (out.size() > file.length()) {
        out.truncate(0);
      }
      while (out.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
        activity.advances();
      }
      append(file, out, crc, bytes);
      out.force(true);
    }
    return (int) crc.getValue();
  }

  /** Goes on where a stream broke off, as long as there is hope. */
  private void append(RemoteFile file, FileChannel out, CRC32C crc, byte[] buffer)
      throws IOException {
    try {
      while (out.position() < file.length()) {
        remote.retried(() -> appendSome(file, out, crc, buffer));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Copies to the file's end, or to where its stream breaks off behind the first bytes. */
  private Void appendSome(RemoteFile file, FileChannel out, CRC32C crc, byte[] buffer)
      throws IOException {
    long begin = out.position();
    try (InputStream in = remote.stream(file.name(), begin)) {
      while (out.position() < file.length()) {
        int wanted = (int) Math.min(BUFFER_BYTES, file.length() - out.position());
        int bytes = in.read(buffer, 0, wanted);
        if (bytes < 0) {
          throw new EOFException(
              String.format(
                  "%s ends at %d of %d bytes; it was changed meanwhile",
                  remote.path(file.name()), out.position(), file.length()));
        }
        crc.update(buffer, 0, bytes);
        write(out, ByteBuffer.wrap(buffer, 0, bytes));
        activity.advances();
      }
    } catch (IOException e) {
      if (out.position() == begin || !remote.mayGoOnAfter(e)) {
        throw e;
      }
      LOG.warn("a stream of {} broke off: {}", remote.path(file.name()), e.getMessage(), e);
    }
    return null;
  }

  /** A local disk that is full is not tried again. */
  private static void write(FileChannel out, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
