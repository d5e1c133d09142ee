package dev.strata.job.run;

import dev.strata.job.dataset.DataErrors;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that the report of a run goes to, if any. */
final class ReportFile {

  private static final Logger LOG = LoggerFactory.getLogger(ReportFile.class);

  private final Optional<String> location;
  private final Configuration hadoop;

  ReportFile(Optional<String> location, Configuration hadoop) {
    this.location = location;
    this.hadoop = hadoop;
  }

  /**
   * Replaces what is there.
   *
   * @throws StrataException if that cannot be
   */
  void write(String json) {
    location.ifPresent(
        file -> {
          try {
            write(new Path(file), json.getBytes(StandardCharsets.UTF_8));
          } catch (IOException | IllegalArgumentException e) {
            throw DataErrors.report(file, e);
          }
        });
  }

  /** The same of a run that has come to its end, which is as good where that cannot be. */
  void writeIfPossible(String json) {
    try {
      write(json);
    } catch (StrataException e) {
      LOG.warn("{}; the run itself is not touched by that", e.getMessage());
    }
  }

  /** Hadoop's local file system would make directories and a file of checksums. */
  private void write(Path file, byte[] bytes) throws IOException {
    FileSystem files = file.getFileSystem(hadoop);
    if (files.getUri().getScheme().equals("file")) {
      Files.write(java.nio.file.Path.of(file.toUri().getPath()), bytes);
      return;
    }
    try (OutputStream out = files.create(file, true)) {
      out.write(bytes);
    }
  }
}
