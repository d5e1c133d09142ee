package dev.strata.job.dataset;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Local files, of which a directory is renamed and deleted as object stores do it: some files are
 * copied, those are deleted, and so on. After so many changes nothing changes any more, as where
 * the process was killed.
 */
public final class CopyingFiles extends RawLocalFileSystem {

  /** How many files are copied before they are deleted where they were: 250 on S3. */
  private static final int PAGE = 2;

  private static final URI ROOT = URI.create("copy:///");

  private static int left = Integer.MAX_VALUE;

  /** The process was killed. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  private static final Configuration CONF = new Configuration();

  static {
    CONF.set("fs.copy.impl", CopyingFiles.class.getName());
  }

  static CopyingFiles open() throws IOException {
    CopyingFiles files = new CopyingFiles();
    files.initialize(ROOT, CONF);
    return files;
  }

  /** What has Hadoop use it for paths of its scheme. */
  static Configuration configuration() {
    return CONF;
  }

  /** Lets no more changes happen than so many. */
  static void killAfter(int changes) {
    left = changes;
  }

  static void killNobody() {
    left = Integer.MAX_VALUE;
  }

  private static void change() {
    if (left-- <= 0) {
      left = 0;
      throw new Killed();
    }
  }

  @Override
  public URI getUri() {
    return ROOT;
  }

  /** Without permissions, which Hadoop reads of paths of the scheme {@code file} alone. */
  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    FileStatus status = super.getFileStatus(path);
    return new FileStatus(
        status.getLen(),
        status.isDirectory(),
        1,
        status.getBlockSize(),
        status.getModificationTime(),
        status.getPath());
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    if (exists(path)) {
      return true;
    }
    change();
    Files.createDirectories(pathToFile(path).toPath()); // Hadoop's takes a process for each
    return true;
  }

  @Override
  public FSDataOutputStream create(Path path, boolean overwrite) throws IOException {
    change();
    return super.create(path, overwrite);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    if (!exists(path)) {
      return false;
    }
    if (getFileStatus(path).isDirectory()) {
      for (FileStatus file : listStatus(path)) {
        delete(file.getPath(), true);
      }
    }
    change();
    return pathToFile(path).delete();
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    if (getFileStatus(from).isFile()) {
      if (exists(to)) {
        return false; // as HDFS and S3 do, and a local disk does not
      }
      copy(from, to);
      return delete(from, false);
    }
    FileStatus[] files = listStatus(from);
    for (int i = 0; i < files.length; i++) {
      Path file = files[i].getPath();
      if (files[i].isDirectory()) {
        rename(file, new Path(to, file.getName()));
      } else {
        copy(file, new Path(to, file.getName()));
      }
      if ((i + 1) % PAGE == 0) {
        delete(files[i - 1].getPath(), true);
        delete(file, true);
      }
    }
    return delete(from, true);
  }

  private void copy(Path from, Path to) throws IOException {
    change();
    File copy = pathToFile(to);
    Files.createDirectories(copy.getParentFile().toPath());
    Files.copy(pathToFile(from).toPath(), copy.toPath(), StandardCopyOption.REPLACE_EXISTING);
  }
}
