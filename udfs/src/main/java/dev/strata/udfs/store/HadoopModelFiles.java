package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Retries;
import dev.strata.udfs.concurrent.Uninterrupted;
import dev.strata.udfs.model.FileNames;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CompositeCrcFileChecksum;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory of a file system that Hadoop knows. */
final class HadoopModelFiles implements ModelFiles {

  /** With this, HDFS has checksums of a file's bytes alone, however they are cut into blocks. */
  private static final String COMBINE_MODE = "dfs.checksum.combine.mode";

  private static final Logger LOG = LoggerFactory.getLogger(HadoopModelFiles.class);

  /** How long reads that fail are tried again, such as {@code 3m}; a key of Hadoop's. */
  static final String PATIENCE = "strata.read.patience";

  private static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(3);

  /** What time does not change. */
  private static final List<Class<? extends IOException>> LASTING =
      List.of(
          EOFException.class,
          FileNotFoundException.class,
          AccessControlException.class,
          AccessDeniedException.class,
          ClosedByInterruptException.class,
          HadoopByteSource.ClosedException.class);

  private final FileSystem fileSystem;
  private final Path directory;
  private final Retries retries;
  private final Retries copies;

  /** Hadoop's streams break when their thread is interrupted; these are never. */
  private final ExecutorService threads;

  private HadoopModelFiles(FileSystem fileSystem, Path directory) {
    this.fileSystem = fileSystem;
    this.directory = directory;
    this.retries = new Retries(patience(fileSystem.getConf()), this::mayPass, this::failed);
    this.copies = new Retries(patience(fileSystem.getConf()), this::mayGoOnAfter, this::failed);
    this.threads = Executors.newCachedThreadPool(Daemons.named("strata-remote-reads"));
  }

  /**
   * The files at a location.
   *
   * @throws StrataException if the file system is unknown or out of reach, access is denied, or
   *     there is no directory
   */
  static HadoopModelFiles at(String location, Configuration conf) {
    Path directory = parse(location);
    Configuration own = new Configuration(conf);
    own.set(COMBINE_MODE, "COMPOSITE_CRC");
    try {
      // Not one of those that Hadoop shares: it is closed with the model, and has settings.
      return open(FileSystem.newInstance(directory.toUri(), own), directory);
    } catch (StrataException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // some Hadoop clients throw unchecked ones
      throw HadoopErrors.cannotOpen(directory, e);
    }
  }

  private static HadoopModelFiles open(FileSystem fileSystem, Path directory) throws IOException {
    try {
      return new HadoopModelFiles(fileSystem, directory(fileSystem, directory));
    } catch (Throwable e) {
      Cleanup.closeAfter(e, fileSystem);
      throw e;
    }
  }

  private static Path parse(String location) {
    try {
      return new Path(location);
    } catch (IllegalArgumentException e) {
      throw new StrataException(
          StrataException.Fault.MODEL,
          String.format("model %s is not a location: %s", location, e.getMessage()),
          e);
    }
  }

  private static Path directory(FileSystem fileSystem, Path directory) throws IOException {
    FileStatus status = fileSystem.getFileStatus(directory);
    if (!status.isDirectory()) {
      throw HadoopErrors.noDirectory(directory);
    }
    return status.getPath();
  }

  /** How long reads of any file system are tried again. */
  static Duration patience(Configuration conf) {
    long millis = DEFAULT_PATIENCE.toMillis();
    return Duration.ofMillis(conf.getTimeDuration(PATIENCE, millis, TimeUnit.MILLISECONDS));
  }

  /** Whether a failure may be over later. */
  private boolean mayPass(IOException failure) {
    return HadoopErrors.causes(failure)
        .noneMatch(cause -> LASTING.stream().anyMatch(type -> type.isInstance(cause)));
  }

  /** What is tried again as reads are, unless the thread is interrupted. */
  <T> T retried(Retries.Attempt<T> attempt) throws IOException {
    return copies.run(attempt);
  }

  /** Whether a failure is one that {@link #retried} is made for. */
  boolean mayGoOnAfter(IOException failure) {
    return !Thread.currentThread().isInterrupted() && mayPass(failure);
  }

  private void failed(IOException failure, Duration pause) {
    LOG.warn(
        "the model in {} cannot be read, and is tried again in {} s: {}",
        directory,
        pause.toSeconds(),
        failure.getMessage(),
        failure);
  }

  @Override
  public void ending() {
    retries.end();
    copies.end();
  }

  @Override
  public String location() {
    return directory.toString();
  }

  @Override
  public boolean exists(String name) throws IOException {
    return status(name).isPresent();
  }

  /** A regular file's length and time, or empty if there is none of that name. */
  Optional<FileStatus> status(String name) throws IOException {
    Path file = resolve(name);
    return onOwnThread(
        () -> {
          try {
            return Optional.of(fileSystem.getFileStatus(file)).filter(FileStatus::isFile);
          } catch (FileNotFoundException e) {
            return Optional.empty();
          }
        });
  }

  /** What is in the directory. */
  FileStatus[] list() throws IOException {
    return onOwnThread(() -> fileSystem.listStatus(directory));
  }

  @Override
  public List<String> templates() throws IOException {
    return FileNames.templates(
        Arrays.stream(templateFiles())
            .filter(FileStatus::isFile)
            .map(file -> file.getPath().getName()));
  }

  /** What is in its directory of templates, nothing if there is none. */
  FileStatus[] templateFiles() throws IOException {
    return onOwnThread(
        () -> {
          try {
            return fileSystem.listStatus(new Path(directory, FileNames.TEMPLATES));
          } catch (FileNotFoundException e) {
            return new FileStatus[0];
          }
        });
  }

  /** The CRC32C of all of a file's bytes, where the file system keeps it. */
  OptionalInt crc32c(String name) throws IOException {
    Path file = resolve(name);
    FileChecksum checksum = onOwnThread(() -> fileSystem.getFileChecksum(file));
    boolean known =
        checksum instanceof CompositeCrcFileChecksum
            && checksum.getAlgorithmName().equals("COMPOSITE-CRC32C");
    return known
        ? OptionalInt.of(ByteBuffer.wrap(checksum.getBytes()).getInt())
        : OptionalInt.empty();
  }

  @Override
  public Optional<byte[]> find(String name) throws IOException {
    Optional<FileStatus> status = status(name);
    if (status.isEmpty()) {
      return Optional.empty();
    }
    long length = status.get().getLen();
    if (length > MAX_FOUND_BYTES) {
      throw new IOException(
          String.format(
              "%s has %d bytes, more than the %d of a small file",
              path(name), length, MAX_FOUND_BYTES));
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    try (ByteSource source = source(resolve(name), length)) {
      source.read(0, bytes);
    }
    return Optional.of(bytes.array());
  }

  @Override
  public long length(String name) throws IOException {
    return required(name).getLen();
  }

  @Override
  public Map<String, FileState> states(Collection<String> names) throws IOException {
    Map<String, FileState> states = new HashMap<>();
    for (FileStatus file : list()) {
      if (names.contains(file.getPath().getName())) {
        states.put(file.getPath().getName(), state(file));
      }
    }
    return states;
  }

  private static FileState state(FileStatus file) {
    String etag = file instanceof EtagSource source ? source.getEtag() : null;
    return new FileState(
        file.getLen(),
        TimeUnit.MILLISECONDS.toNanos(file.getModificationTime()),
        etag == null ? "" : etag);
  }

  @Override
  public ByteSource open(String name) throws IOException {
    return source(resolve(name), length(name));
  }

  /** Opens a file for reading from an offset to its end; not for a thread that is interrupted. */
  FSDataInputStream stream(String name, long offset) throws IOException {
    FSDataInputStream stream = fileSystem.open(resolve(name));
    try {
      stream.seek(offset);
      return stream;
    } catch (Throwable e) {
      Cleanup.closeAfter(e, stream);
      throw e;
    }
  }

  private FileStatus required(String name) throws IOException {
    return status(name).orElseThrow(() -> new FileNotFoundException("there is no " + path(name)));
  }

  private ByteSource source(Path file, long length) {
    return new HadoopByteSource(
        path(file.getName()), length, () -> fileSystem.open(file), threads, retries);
  }

  private <T> T onOwnThread(Callable<T> work) throws IOException {
    return retries.run(() -> Uninterrupted.get(threads.submit(work)));
  }

  @Override
  public void close() throws IOException {
    retries.end();
    copies.end();
    threads.shutdown();
    fileSystem.close();
  }

  private Path resolve(String name) {
    FileNames.require(name, directory);
    // With a colon the name alone would be one with a scheme.
    return new Path(directory, Path.CUR_DIR + Path.SEPARATOR + name);
  }
}
