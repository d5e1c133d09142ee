package dev.strata.udfs.journal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The segments of a run's journal, in a directory of any file system that Hadoop knows. */
final class JournalDirectory {

  private static final Logger LOG = LoggerFactory.getLogger(JournalDirectory.class);

  private final FileSystem files;
  private final Path directory;

  private JournalDirectory(FileSystem files, Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /** The directory, which need not be there. */
  static JournalDirectory at(Configuration conf, String location) throws IOException {
    Path path = new Path(location);
    FileSystem files = path.getFileSystem(conf);
    // Names have checksums of their own: Hadoop's for local files would be a file more for each.
    FileSystem plain = files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
    return new JournalDirectory(plain, plain.makeQualified(path));
  }

  /**
   * The segments that may hold rows of some buckets, each attempt's in their order, one that was
   * made of others before those of them that are still there.
   */
  List<SegmentName> list(Buckets buckets) throws IOException {
    return names().stream()
        .flatMap(name -> SegmentName.parse(name).stream())
        .filter(name -> name.buckets().overlaps(buckets))
        .sorted(
            Comparator.comparing(SegmentName::attempt)
                .thenComparingLong(SegmentName::first)
                .thenComparing(SegmentName::last, Comparator.reverseOrder()))
        .toList();
  }

  /** The names of all files; none where there is no directory. */
  List<String> names() throws IOException {
    return states().stream().map(status -> status.getPath().getName()).toList();
  }

  /** All files; none where there is no directory. */
  List<FileStatus> states() throws IOException {
    try {
      return List.of(files.listStatus(directory));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** A segment's bytes; empty if it is gone or not whole. */
  Optional<byte[]> read(SegmentName name) throws IOException {
    Optional<byte[]> bytes = read(name.toString());
    boolean isDamaged = bytes.isPresent() && !name.isOf(bytes.get());
    if (isDamaged) {
      LOG.warn("{}/{} is not whole: its rows are computed again", directory, name);
    }
    return isDamaged ? Optional.empty() : bytes;
  }

  /** A file's bytes; empty if it is not there. */
  Optional<byte[]> read(String name) throws IOException {
    try (FSDataInputStream in = files.open(new Path(directory, name))) {
      return Optional.of(in.readAllBytes());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (FSError e) {
      throw told(e);
    }
  }

  /** Hadoop takes what a local disk says for an error of the JVM. */
  private static IOException told(FSError error) {
    return error.getCause() instanceof IOException e ? e : new IOException(error);
  }

  /** Writes a file; when this returns it outlives the process and the machine. */
  void write(String name, byte[] bytes) throws IOException {
    write(name, bytes, true);
  }

  /** Writes a file; when this returns it outlives the process, and perhaps not the machine. */
  void writeQuickly(String name, byte[] bytes) throws IOException {
    write(name, bytes, false);
  }

  private void write(String name, byte[] bytes, boolean isSynced) throws IOException {
    Path path = new Path(directory, name);
    try (FSDataOutputStream out = files.create(path, true)) {
      out.write(bytes);
      if (isSynced && out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hsync();
      }
    } catch (IOException e) {
      deleteAfter(e, path);
      throw e;
    } catch (FSError e) {
      IOException told = told(e);
      deleteAfter(told, path);
      throw told;
    }
  }

  /** On a full disk what was begun takes the place of what is to be written next. */
  private void deleteAfter(IOException failure, Path path) {
    try {
      files.delete(path, false);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Bytes that may yet be written, all copies of a block counted as one. */
  long free() throws IOException {
    short copies = files.getDefaultReplication(directory);
    return files.getStatus(directory).getRemaining() / Math.max(1, copies);
  }

  /** Removes a file; one that stays is in nobody's way. */
  void delete(String name) {
    try {
      files.delete(new Path(directory, name), false);
    } catch (IOException e) {
      LOG.debug("{} stays", name, e);
    }
  }

  @Override
  public String toString() {
    return directory.toString();
  }
}
