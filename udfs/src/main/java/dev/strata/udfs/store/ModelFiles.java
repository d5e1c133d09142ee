package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/**
 * The files of a checkpoint's directory, wherever it is. Names are plain file names: a name that
 * leads out of the directory is refused with an {@link IllegalArgumentException}.
 */
public interface ModelFiles extends Closeable {

  /** The most bytes that {@link #find} returns: 64 MiB. */
  int MAX_FOUND_BYTES = 64 << 20;

  /**
   * The files at a location.
   *
   * @param location a local path or a {@code file:} URI
   * @throws StrataException if there is no directory
   */
  static ModelFiles at(String location) {
    return LocalModelFiles.at(location);
  }

  /** The directory, for messages. */
  String location();

  /** Whether there is a file of this name. */
  boolean exists(String name) throws IOException;

  /**
   * A small file's bytes, or empty if there is no such file.
   *
   * @throws IOException if it cannot be read or is larger than {@link #MAX_FOUND_BYTES}
   */
  Optional<byte[]> find(String name) throws IOException;

  /** Bytes of a file. */
  long length(String name) throws IOException;

  /** Opens a file; the caller closes it. */
  ByteSource open(String name) throws IOException;

  /**
   * Opens a file whose blocks are read past the page cache; the caller closes it. Empty where the
   * file system has no such reads.
   */
  default Optional<ByteSource> openDirect(String name) throws IOException {
    return Optional.empty();
  }

  /** A file's path, for messages. */
  default String path(String name) {
    return location() + "/" + name;
  }
}
