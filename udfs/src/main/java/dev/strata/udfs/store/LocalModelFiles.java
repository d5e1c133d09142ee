package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Retries;
import dev.strata.udfs.model.FileNames;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A directory of the local file system. */
final class LocalModelFiles implements ModelFiles {

  /** Two letters at least, so that a path such as C:\models is none. */
  private static final Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]+):.*");

  private final Path directory;
  private final Closeable hold;
  private final Retries retries;

  /**
   * @param hold closed with the files
   */
  LocalModelFiles(Path directory, Closeable hold) {
    this(directory, hold, LocalRetries.of(directory));
  }

  /**
   * @param retries tries again what may fail for a while
   */
  LocalModelFiles(Path directory, Closeable hold, Retries retries) {
    this.directory = directory.toAbsolutePath().normalize();
    this.hold = hold;
    this.retries = retries;
  }

  /** Whether a location names a file system other than the local one. */
  static boolean isElsewhere(String location) {
    Matcher scheme = SCHEME.matcher(location);
    return scheme.matches() && !scheme.group(1).equalsIgnoreCase("file");
  }

  static LocalModelFiles at(String location) {
    return at(location, LocalRetries.PATIENCE);
  }

  /**
   * @param patience how long reads that fail are tried again
   */
  static LocalModelFiles at(String location, Duration patience) {
    Path directory = directory(location);
    if (!Files.isDirectory(directory)) {
      throw StrataException.model(
          "no directory %s; give the local path of a model with config.json and safetensors files",
          directory.toAbsolutePath().normalize());
    }
    return new LocalModelFiles(directory, () -> {}, LocalRetries.of(directory, patience));
  }

  private static Path directory(String location) {
    try {
      boolean isUri = SCHEME.matcher(location).matches();
      return isUri ? Path.of(URI.create(location)) : Path.of(location);
    } catch (IllegalArgumentException e) {
      throw unusable(location, e);
    }
  }

  private static StrataException unusable(String location, IllegalArgumentException cause) {
    return new StrataException(
        StrataException.Fault.MODEL,
        String.format(
            "model %s is not a path (%s); give a local path", location, cause.getMessage()),
        cause);
  }

  @Override
  public String location() {
    return directory.toString();
  }

  @Override
  public boolean exists(String name) throws IOException {
    Path file = resolve(name);
    return retries.run(() -> isFile(file));
  }

  /** A file that one cannot look at is not one that is not there. */
  private static boolean isFile(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).isRegularFile();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public Optional<byte[]> find(String name) throws IOException {
    if (!exists(name)) {
      return Optional.empty();
    }
    long length = length(name);
    if (length > MAX_FOUND_BYTES) {
      throw new IOException(
          String.format(
              "%s has %d bytes, more than the %d of a small file",
              path(name), length, MAX_FOUND_BYTES));
    }
    return Optional.of(retries.run(() -> read(resolve(name))));
  }

  /** The exception of a read has no file's name. */
  private static byte[] read(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public List<String> templates() throws IOException {
    Path templates = directory.resolve(FileNames.TEMPLATES);
    if (!Files.isDirectory(templates)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(templates)) {
      return FileNames.templates(
          files.filter(Files::isRegularFile).map(file -> file.getFileName().toString()));
    }
  }

  @Override
  public long length(String name) throws IOException {
    Path file = resolve(name);
    return retries.run(() -> Files.size(file));
  }

  @Override
  public Map<String, FileState> states(Collection<String> names) throws IOException {
    Map<String, FileState> states = new HashMap<>();
    for (String name : names) {
      Path file = resolve(name);
      retries.run(() -> state(file)).ifPresent(state -> states.put(name, state));
    }
    return states;
  }

  /** What a file is like now, or empty if there is none. */
  static Optional<FileState> state(Path file) throws IOException {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(
          new FileState(
              now.size(),
              now.lastModifiedTime().to(TimeUnit.NANOSECONDS),
              identity(now.fileKey())));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** The number of its inode: that of its device may change with a restart of the machine. */
  private static String identity(Object fileKey) {
    return String.valueOf(fileKey).replaceFirst(".*(ino=\\d+).*", "$1");
  }

  @Override
  public ByteSource open(String name) throws IOException {
    Path file = resolve(name);
    return retries.run(() -> new LocalByteSource(file, retries));
  }

  @Override
  public Optional<ByteSource> openDirect(String name) throws IOException {
    Path file = resolve(name);
    return retries.run(() -> DirectByteSource.open(file, retries));
  }

  @Override
  public void ending() {
    retries.end();
  }

  @Override
  public void close() throws IOException {
    retries.end();
    hold.close();
  }

  private Path resolve(String name) {
    FileNames.require(name, directory);
    try {
      return directory.resolve(name);
    } catch (InvalidPathException e) {
      throw StrataException.model(
          "%s in %s cannot be a file's name here (%s); set LC_ALL=C.UTF-8 in the environment",
          name, directory, e.getReason());
    }
  }
}
