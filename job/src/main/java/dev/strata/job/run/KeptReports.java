package dev.strata.job.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.strata.job.dataset.Messages;
import dev.strata.job.report.ComparisonReport;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.RunPage;
import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds the reports of runs that came to their end, for those who look at them later. */
public final class KeptReports {

  /** A report has some kilobytes; somebody may name a file of rows. */
  private static final long MOST_BYTES = 16 << 20;

  private static final String WAY_OUT =
      "name a file that --report wrote, an output of files, or a directory of either";

  private final Configuration hadoop;

  /**
   * @param settings what opens file systems
   */
  public KeptReports(Map<String, String> settings) {
    this.hadoop = Sessions.hadoop(settings);
  }

  /** A report and where it is. */
  private record Found(Path file, KeptRun run) {

    boolean isOlderThan(Optional<Found> other) {
      return other.isPresent() && run.started().isBefore(other.get().run.started());
    }

    boolean isOfSameRun(Found other) {
      boolean isCopy =
          run.started().equals(other.run.started())
              && run.application().equals(other.run.application());
      return isCopy || file.equals(other.file);
    }
  }

  /**
   * Two runs beside each other.
   *
   * @throws StrataException if one is no run, or both are the same
   */
  public ComparisonReport compare(String a, String b) {
    Found one = find(a);
    Found other = find(b);
    if (one.isOfSameRun(other)) {
      throw StrataException.usage(
          "%s and %s are both of the run that was started %s; name two runs",
          a, b, one.run().started());
    }
    return new ComparisonReport(side(one), side(other));
  }

  private static ComparisonReport.Side side(Found found) {
    return new ComparisonReport.Side(found.file().toString(), found.run());
  }

  /**
   * A run's report as a page.
   *
   * @throws StrataException if there is no such run
   */
  public String page(String location) {
    return RunPage.html(find(location).run());
  }

  /**
   * Writes a page, in the place of what is there.
   *
   * @throws StrataException if that cannot be
   */
  public void write(String file, String html) {
    new ReportFile(Optional.of(file), hadoop).write(html);
  }

  private Found find(String location) {
    try {
      Path path = new Path(location);
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus status = files.getFileStatus(path);
      if (status.isFile()) {
        return read(files, status);
      }
      return newest(files, status.getPath())
          .orElseThrow(
              () -> StrataException.data("no report of a run is in %s; %s", location, WAY_OUT));
    } catch (FileNotFoundException e) {
      throw error("there is no %s; %s".formatted(location, WAY_OUT), e);
    } catch (IOException | IllegalArgumentException e) {
      throw error("%s cannot be read: %s".formatted(location, Messages.firstLine(e)), e);
    }
  }

  private static StrataException error(String message, Throwable e) {
    return new StrataException(StrataException.Fault.DATA, message, e);
  }

  /** The record of an output, or the newest of those of several, or of a directory of reports. */
  private Optional<Found> newest(FileSystem files, Path directory) throws IOException {
    Optional<Found> own = record(files, directory);
    if (own.isPresent()) {
      return own;
    }
    Optional<Path> kept = new ReportDirectory(hadoop, directory.toString()).newest();
    if (kept.isPresent()) {
      return Optional.of(read(files, files.getFileStatus(kept.get())));
    }
    Optional<Found> newest = Optional.empty();
    for (FileStatus child : files.listStatus(directory)) {
      Optional<Found> next =
          child.isDirectory() ? record(files, child.getPath()) : Optional.empty();
      newest = next.isPresent() && !next.get().isOlderThan(newest) ? next : newest;
    }
    return newest;
  }

  private static Optional<Found> record(FileSystem files, Path output) throws IOException {
    try {
      FileStatus record = files.getFileStatus(new Path(output, OutputRecord.FILE));
      return Optional.of(read(files, record));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private static Found read(FileSystem files, FileStatus file) throws IOException {
    Path path = file.getPath();
    if (file.getLen() > MOST_BYTES) {
      throw StrataException.data(
          "%s is no report of a run: it has %,d bytes; %s", path, file.getLen(), WAY_OUT);
    }
    KeptRun run = parse(path, bytes(files, path));
    run.unknownFormat()
        .ifPresent(
            format -> {
              throw StrataException.data(
                  "the report %s has format %d, which this version of Strata does not know; use the"
                      + " version that wrote it",
                  path, format);
            });
    return new Found(path, run);
  }

  private static byte[] bytes(FileSystem files, Path path) throws IOException {
    try (FSDataInputStream in = files.open(path)) {
      return in.readAllBytes();
    }
  }

  private static KeptRun parse(Path path, byte[] bytes) {
    try {
      return KeptRun.parse(bytes);
    } catch (IOException e) {
      String why = e instanceof JsonProcessingException ? "it is not JSON" : e.getMessage();
      throw error("%s is no report of a run: %s; %s".formatted(path, why, WAY_OUT), e);
    }
  }
}
