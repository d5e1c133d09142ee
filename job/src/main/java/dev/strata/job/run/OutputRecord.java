package dev.strata.job.run;

import dev.strata.job.dataset.Messages;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.KeptRuns;
import dev.strata.job.report.RunPage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The record of the run that an output is of: a file of JSON among its rows, and a page made of it
 * for people. Readers of rows leave them out, since their names begin with an underscore, and have
 * no ending that a shell's pattern for files of rows would match. Where a run adds to an output,
 * the record and the page of the one before stay beside them, with the time of its start in their
 * names.
 */
final class OutputRecord {

  static final String FILE = "_strata_run";

  private static final String PAGE = "_strata_report";

  private static final Logger LOG = LoggerFactory.getLogger(OutputRecord.class);

  private final FileSystem files;
  private final Path directory;

  private OutputRecord(FileSystem files, Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /** That of a directory. */
  static OutputRecord in(Configuration hadoop, Path directory) throws IOException {
    FileSystem files = directory.getFileSystem(hadoop);
    // Without the checksums of Hadoop, somebody may edit it.
    return new OutputRecord(
        files instanceof LocalFileSystem local ? local.getRawFileSystem() : files, directory);
  }

  /** Writes a record, unless that fails: rows without one are as good. */
  static void keep(Configuration hadoop, Path directory, Supplier<String> json) {
    try {
      OutputRecord record = in(hadoop, directory);
      byte[] bytes = bytes(json.get());
      record.add(bytes);
      record.addPage(new Path(directory, FILE), bytes);
    } catch (IOException | RuntimeException e) {
      LOG.warn("what run {} is of cannot be noted there: {}", directory, Messages.firstLine(e), e);
    }
  }

  /** Writes the record of a run that goes on into its journal, in the place of an earlier one's. */
  static void note(Configuration hadoop, Path journal, Supplier<String> json) {
    try {
      in(hadoop, journal).write(new Path(journal, FILE), bytes(json.get()));
    } catch (IOException | RuntimeException e) {
      LOG.warn("what run {} is of cannot be noted there: {}", journal, Messages.firstLine(e), e);
    }
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private void add(byte[] json) throws IOException {
    Path file = new Path(directory, FILE);
    if (files.exists(file)) {
      moveAside(file);
    }
    write(file, json);
  }

  /** The page of a record has the end of its name. */
  private void addPage(Path record, byte[] json) throws IOException {
    String end = record.getName().substring(FILE.length());
    write(
        new Path(record.getParent(), PAGE + end + ".html"),
        bytes(RunPage.html(KeptRun.parse(json))));
  }

  /** A damaged one is told by whoever reads it, until it is replaced. */
  private void moveAside(Path file) throws IOException {
    byte[] before = read(file);
    try {
      Path aside = aside(KeptRun.parse(before));
      write(aside, before);
      addPage(aside, before);
    } catch (IOException e) {
      LOG.warn("{} is replaced, which was damaged", file, e);
    }
  }

  private Path aside(KeptRun run) {
    return new Path(directory, FILE + "-" + run.started().toString().replaceAll("[-:]", ""));
  }

  /** Takes the records over that say what the rows of another output were added to, if it can. */
  static void keepThoseBefore(Configuration hadoop, Path from, Path to) {
    try {
      OutputRecord other = in(hadoop, from);
      for (Path file : other.before()) {
        byte[] json = other.read(file);
        OutputRecord kept = in(hadoop, to);
        kept.write(new Path(to, file.getName()), json);
        kept.addPage(new Path(to, file.getName()), json);
      }
    } catch (IOException e) {
      LOG.warn("what runs {} was added to cannot be noted: {}", from, Messages.firstLine(e), e);
    }
  }

  private List<Path> before() throws IOException {
    try {
      return Arrays.stream(files.listStatus(directory))
          .map(status -> status.getPath())
          .filter(file -> file.getName().startsWith(FILE + "-"))
          .sorted()
          .toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** Whether two directories say that they are of a run, and of the same. */
  static boolean areOfOneRun(Configuration hadoop, Path one, Path other) throws IOException {
    Optional<Instant> run = in(hadoop, one).read().last().map(KeptRun::started);
    return run.isPresent() && run.equals(in(hadoop, other).read().last().map(KeptRun::started));
  }

  /** Those of an output whose rows are in one or in several directories. */
  static KeptRuns read(Configuration hadoop, List<Path> directories) throws IOException {
    KeptRuns runs = KeptRuns.NONE;
    for (Path directory : directories) {
      runs = runs.last().isPresent() ? runs : in(hadoop, directory).read();
    }
    return runs;
  }

  /** What is there. */
  KeptRuns read() throws IOException {
    List<String> damaged = new ArrayList<>();
    List<KeptRun> before =
        before().stream().flatMap(file -> parse(file, damaged).stream()).toList();
    Optional<KeptRun> last = parse(new Path(directory, FILE), damaged);
    return new KeptRuns(last, before, damaged);
  }

  private Optional<KeptRun> parse(Path file, List<String> damaged) {
    try {
      return Optional.of(KeptRun.parse(read(file)));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.debug("{} cannot be read", file, e);
      damaged.add(file.getName());
      return Optional.empty();
    }
  }

  private byte[] read(Path file) throws IOException {
    try (FSDataInputStream in = files.open(file)) {
      return in.readAllBytes();
    }
  }

  private void write(Path file, byte[] bytes) throws IOException {
    try (OutputStream out = files.create(file, true)) {
      out.write(bytes);
    } catch (IOException e) {
      files.delete(file, false); // of a full disk
      throw e;
    }
  }
}
