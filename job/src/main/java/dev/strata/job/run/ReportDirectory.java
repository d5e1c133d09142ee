package dev.strata.job.run;

import dev.strata.job.dataset.Messages;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.RunPage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory that keeps the reports of many runs, each as JSON and as a page. A name tells the
 * command, the start and the application, so that no run writes over another's.
 */
final class ReportDirectory {

  private static final Logger LOG = LoggerFactory.getLogger(ReportDirectory.class);

  private static final DateTimeFormatter START =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final Pattern NAME =
      Pattern.compile(".+-(\\d{8}T\\d{6}\\.\\d{3}Z)(?:-.*)?\\.json");

  /** What no file system's name may have. */
  private static final Pattern UNUSUAL = Pattern.compile("[^\\w.-]");

  private final Configuration hadoop;
  private final Path directory;

  ReportDirectory(Configuration hadoop, String directory) {
    this.hadoop = hadoop;
    this.directory = new Path(directory);
  }

  /** Keeps a report, unless that fails: a run is as good without. */
  void keep(String json) {
    try {
      byte[] bytes = bytes(json);
      KeptRun run = KeptRun.parse(bytes);
      FileSystem files = files();
      files.mkdirs(directory);
      write(files, name(run) + ".json", bytes);
      write(files, name(run) + ".html", bytes(RunPage.html(run)));
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "the report of the run cannot be kept in {}: {}; the run itself is not touched by that",
          directory,
          Messages.firstLine(e),
          e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String name(KeptRun run) {
    String name =
        "%s-%s-%s"
            .formatted(
                run.isRetry() ? Run.RETRY : run.command(),
                START.format(run.started()),
                run.application());
    return UNUSUAL.matcher(name).replaceAll("_").replaceFirst("-$", "");
  }

  /** One that is there is never replaced. */
  private void write(FileSystem files, String name, byte[] bytes) throws IOException {
    try (OutputStream out = files.create(new Path(directory, name), false)) {
      out.write(bytes);
    }
  }

  /** Without Hadoop's checksums, somebody may edit or move a file. */
  private FileSystem files() throws IOException {
    FileSystem files = directory.getFileSystem(hadoop);
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  /**
   * The report of the run that was started last; empty if there is none.
   *
   * @throws IOException if one cannot know
   */
  Optional<Path> newest() throws IOException {
    try {
      return Arrays.stream(files().listStatus(directory))
          .map(FileStatus::getPath)
          .filter(file -> NAME.matcher(file.getName()).matches())
          .max(Comparator.comparing(ReportDirectory::start));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private static String start(Path file) {
    Matcher name = NAME.matcher(file.getName());
    return name.matches() ? name.group(1) : "";
  }
}
