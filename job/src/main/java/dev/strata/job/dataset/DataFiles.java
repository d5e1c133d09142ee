package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.SparkSession;

/** The files of a data set, as far as their names tell of it. */
record DataFiles(FileSystem files, Path location) {

  static DataFiles at(SparkSession session, String location) throws IOException {
    Path path = new Path(location);
    FileSystem files = path.getFileSystem(session.sparkContext().hadoopConfiguration());
    return new DataFiles(files, path);
  }

  /**
   * The same before there is a session.
   *
   * @throws IOException if it is no name of files, or there is no such file system
   */
  static DataFiles at(Configuration hadoop, String location) throws IOException {
    try {
      Path path = new Path(location);
      return new DataFiles(fileSystem(hadoop, path), path);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * The file system of a path.
   *
   * @throws IOException if there is none, also where its class is not there
   */
  static FileSystem fileSystem(Configuration hadoop, Path path) throws IOException {
    try {
      return path.getFileSystem(hadoop);
    } catch (RuntimeException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * The files and directories that a pattern means, whole names with their file system. A name that
   * is there is no pattern, whatever it holds.
   *
   * @throws StrataException if there are none
   */
  List<Path> roots() throws IOException {
    if (files.exists(location)) {
      return List.of(files.getFileStatus(location).getPath());
    }
    FileStatus[] found = files.globStatus(location);
    if (found == null || found.length == 0) {
      throw StrataException.data("the input %s does not exist", location);
    }
    return Arrays.stream(found).map(FileStatus::getPath).toList();
  }

  /** Whether something is there; an empty directory is as good as none. */
  boolean exist() throws IOException {
    try {
      return files.listStatus(location).length > 0;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /** The first file under a directory, or the file itself, whose name tells a format. */
  Optional<Path> firstFile(Path root) throws IOException {
    RemoteIterator<LocatedFileStatus> all = files.listFiles(root, true);
    while (all.hasNext()) {
      Path file = all.next().getPath();
      if (!isHidden(file.getName()) && DataFormat.ofName(file.getName()).isPresent()) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /** The files that the roots mean, in the order of their names, subdirectories left out. */
  List<Path> flat() throws IOException {
    List<Path> flat = new ArrayList<>();
    for (Path root : roots()) {
      Arrays.stream(files.listStatus(root))
          .filter(FileStatus::isFile)
          .map(FileStatus::getPath)
          .filter(file -> !isHidden(file.getName()))
          .sorted(Comparator.comparing(Path::getName))
          .forEach(flat::add);
    }
    return flat;
  }

  /** A path as a pattern that means it alone. */
  static String literal(Path path) {
    return path.toString().replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0");
  }

  /** What Spark leaves out when it reads. */
  static boolean isHidden(String name) {
    return (name.startsWith("_") && !name.contains("=")) || name.startsWith(".");
  }
}
