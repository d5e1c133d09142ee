package dev.strata.udfs.store;

import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Activity;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * The files of a checkpoint's directory, wherever it is. Names are plain file names: a name that
 * leads out of the directory is refused with an {@link IllegalArgumentException}.
 */
public interface ModelFiles extends Closeable {

  /** The most bytes that {@link #find} returns: 64 MiB. */
  int MAX_FOUND_BYTES = 64 << 20;

  /**
   * The files at a location, read where they lie.
   *
   * @param location a local path, a {@code file:} URI, or a URI of a file system that Hadoop knows
   * @throws StrataException if there is no directory, or its file system is unknown, out of reach
   *     or denies access
   */
  static ModelFiles at(String location) {
    return LocalModelFiles.isElsewhere(location)
        ? HadoopModelFiles.at(location, HadoopConf.ofThisJvm())
        : LocalModelFiles.at(location);
  }

  /**
   * The same.
   *
   * @param conf of Hadoop's file systems
   */
  static ModelFiles at(String location, Configuration conf) {
    return LocalModelFiles.isElsewhere(location)
        ? HadoopModelFiles.at(location, conf)
        : LocalModelFiles.at(location, HadoopModelFiles.patience(conf));
  }

  /** Whether {@link #onThisNode} reads a copy. */
  static boolean isCopied(String location, ModelStaging staging) {
    return LocalModelFiles.isElsewhere(location) && staging.mode() == ModelStaging.Mode.COPY;
  }

  /** The directory of this node's copies of models. */
  static java.nio.file.Path copies(ModelStaging staging) {
    return ModelCache.of(staging).directory();
  }

  /**
   * The files at a location for an engine of this node: local ones where they lie, others from a
   * copy that all processes of the node share, or where they lie if the staging says so.
   *
   * @param conf of Hadoop's file systems
   * @param activity advances with what is copied
   * @throws StrataException as {@link #at}, or if there is no room for a copy
   */
  static ModelFiles onThisNode(
      String location, ModelStaging staging, Configuration conf, Activity activity) {
    if (!isCopied(location, staging)) {
      return at(location, conf);
    }
    try (HadoopModelFiles remote = HadoopModelFiles.at(location, conf)) {
      return ModelCache.of(staging).copyOf(remote, activity);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /**
   * The names of the chat templates in the directory's own of them, in order; none if there is
   * none.
   */
  List<String> templates() throws IOException;

  /** What files are like now, without those that are not there; asked for all at once. */
  Map<String, FileState> states(Collection<String> names) throws IOException;

  /** Opens a file; the caller closes it. */
  ByteSource open(String name) throws IOException;

  /**
   * Opens a file whose blocks are read past the page cache; the caller closes it. Empty where the
   * file system has no such reads.
   */
  default Optional<ByteSource> openDirect(String name) throws IOException {
    return Optional.empty();
  }

  /** What is read fails from now on where it would be tried again. */
  default void ending() {}

  /** A file's path, for messages. */
  default String path(String name) {
    return location() + "/" + name;
  }
}
