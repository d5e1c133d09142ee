package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, while rows are being written, whether their directory is still there. Without it a run
 * would find out when its first task ends, which may be hours later. The watch puts a file beside
 * the rows that are unfinished, since a directory that was removed is made again by the next task;
 * the writer's commit removes it with them.
 */
public final class OutputWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(OutputWatch.class);

  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final String MARK = "_strata-run";

  /** A directory that is removed as the run commits is gone for less. */
  private static final int LOOKS = 2;

  private final Configuration conf;
  private final Output output;
  private final Runnable whenRemoved;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(OutputWatch::daemon);
  private Path marked;
  private int missed;
  private volatile boolean removed;

  private OutputWatch(Configuration conf, Output output, Runnable whenRemoved) {
    this.conf = conf;
    this.output = output;
    this.whenRemoved = whenRemoved;
  }

  /**
   * Begins to watch.
   *
   * @param whenRemoved called once, on a thread of the watch
   */
  public static OutputWatch start(Configuration conf, Output output, Runnable whenRemoved) {
    return start(conf, output, whenRemoved, PERIOD);
  }

  static OutputWatch start(
      Configuration conf, Output output, Runnable whenRemoved, Duration period) {
    OutputWatch watch = new OutputWatch(conf, output, whenRemoved);
    long millis = period.toMillis();
    var unused =
        watch.timer.scheduleWithFixedDelay(watch::look, millis, millis, TimeUnit.MILLISECONDS);
    return watch;
  }

  private void look() {
    try {
      Optional<Path> directory = output.writing();
      if (directory.isPresent() && !removed) {
        look(new Path(new Path(directory.get(), Unfinished.FOLDER), MARK));
      }
    } catch (IOException | RuntimeException e) { // one cannot know; the run itself will say why
      LOG.debug("{} cannot be watched", output, e);
    }
  }

  private void look(Path mark) throws IOException {
    FileSystem files = mark.getFileSystem(conf);
    if (marked == null) {
      mark(files, mark);
    } else {
      missed = files.exists(marked) ? 0 : missed + 1;
      if (missed == LOOKS) {
        removed = true;
        whenRemoved.run();
      }
    }
  }

  /** Writers that keep unfinished rows elsewhere, as S3's do, are not watched. */
  private void mark(FileSystem files, Path mark) throws IOException {
    if (files.exists(mark.getParent())) {
      files.create(mark, true).close();
      marked = mark;
    }
  }

  /**
   * To be called where the run failed.
   *
   * @throws StrataException if the directory was removed, which is then the reason
   */
  public void requireThere(Throwable cause) {
    if (removed) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the output %s was removed while it was being written; run it again".formatted(output),
          cause);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "strata-output-watch");
    thread.setDaemon(true);
    return thread;
  }
}
