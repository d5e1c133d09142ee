package dev.strata.udfs.lock;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that one run holds at a time. Its holder renews it every minute; a lock that has not been
 * renewed for ten, or whose holder was a process of this machine that has ended, is a dead run's
 * and is taken over. So is one that does not say who holds it, as a full disk leaves it, after a
 * minute: a holder writes it whole before anything else.
 *
 * <p>Clocks are set, forward or back, so that a time alone ends no lock of a holder that may live:
 * it is watched for longer than a holder takes to renew it.
 */
public final class RunLock implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);

  private static final Duration HEARTBEAT = Duration.ofMinutes(1);
  private static final Duration EXPIRY = Duration.ofMinutes(10);

  /** Longer than a living holder takes to renew its lock. */
  private static final Duration WATCH = HEARTBEAT.plus(HEARTBEAT.dividedBy(4));

  private static final long LOOKS = 50;

  /** How long a lock may be there before it says who holds it. */
  private static final Duration UNSIGNED = Duration.ofMinutes(1);

  /** How long a lock is aside at most, between two renames. */
  private static final Duration ASIDE = Duration.ofSeconds(5);

  /** Has S3 refuse a file that another has made by the time that it is closed. */
  private static final String IF_NONE = "fs.option.create.conditional.overwrite";

  /** Before Hadoop closes file systems. */
  private static final int SHUTDOWN_PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 5;

  private final FileSystem files;
  private final Path file;
  private final LockHolder holder;
  private final Duration watch;
  private final Runnable atShutdown = this::release;
  private boolean tookOver;
  private final ScheduledExecutorService heartbeat =
      Executors.newSingleThreadScheduledExecutor(RunLock::daemon);

  private RunLock(FileSystem files, Path file, LockHolder holder, Duration watch) {
    this.files = files;
    this.file = file;
    this.holder = holder;
    this.watch = watch;
  }

  /**
   * Takes a lock.
   *
   * @param file the lock; the directory it is in is made if it is not there
   * @param what what the holder does, such as {@code the output /out is being written}
   * @param application the id of the Spark application
   * @throws StrataException if another run holds it, or one cannot know
   */
  public static RunLock acquire(FileSystem files, Path file, String what, String application)
      throws IOException {
    return acquire(files, file, what, application, WATCH);
  }

  /**
   * @param watch how long a lock that may be a dead run's is watched
   */
  static RunLock acquire(
      FileSystem files, Path file, String what, String application, Duration watch)
      throws IOException {
    RunLock lock = new RunLock(plain(files), file, LockHolder.ofThisProcess(application), watch);
    lock.acquire(what);
    return lock;
  }

  /**
   * Looks whether a lock could be taken, and changes nothing.
   *
   * @throws StrataException if another run holds it, or one cannot know
   */
  public static void requireFree(FileSystem files, Path file, String what) throws IOException {
    Optional<LockState> found = look(files, file);
    if (found.isPresent() && !found.get().isDead()) {
      throw held(file, what, found.get());
    }
  }

  /**
   * Looks at a lock, and changes nothing.
   *
   * @return empty if there is none
   */
  public static Optional<LockState> look(FileSystem files, Path file) throws IOException {
    RunLock lock = new RunLock(plain(files), file, LockHolder.ofThisProcess(""), WATCH);
    if (!files.exists(file)) {
      return Optional.empty();
    }
    Optional<LockHolder> holder = lock.read(file);
    return Optional.of(new LockState(holder, lock.age(), lock.mayBeDead(holder)));
  }

  /** Whether a run that ended without giving it back held the lock before. */
  public boolean tookOver() {
    return tookOver;
  }

  /** Without the checksum files that Hadoop adds to local ones. */
  private static FileSystem plain(FileSystem files) {
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  private void acquire(String what) throws IOException {
    files.mkdirs(file.getParent());
    if (!create()) {
      removeIfDead(what);
      if (!create()) {
        throw held(what);
      }
    }
    settle();
    if (!isMine()) {
      throw held(what);
    }
    ShutdownHookManager.get().addShutdownHook(atShutdown, SHUTDOWN_PRIORITY);
    long millis = HEARTBEAT.toMillis();
    var unused = heartbeat.scheduleAtFixedRate(this::beat, millis, millis, TimeUnit.MILLISECONDS);
  }

  /** Makes the file, unless there is one. */
  private boolean create() throws IOException {
    OutputStream out;
    try {
      out = openNew();
    } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
      return false;
    }
    try (out) {
      out.write(holder.toBytes());
    } catch (IOException e) {
      if (isOfS3() && isAnothers()) {
        return false;
      }
      files.delete(file, false); // of a full disk; an empty one would be in the next run's way
      throw e;
    }
    return true;
  }

  /**
   * Hadoop's local file system looks first and makes then, which two could do at once. S3's makes
   * the file as it is closed, and fails then if it is asked to look.
   */
  private OutputStream openNew() throws IOException {
    if (isLocal()) {
      return Files.newOutputStream(
          java.nio.file.Path.of(file.toUri().getPath()),
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    }
    if (!isOfS3()) {
      return files.create(file, false);
    }
    FSDataOutputStreamBuilder<?, ?> builder = files.createFile(file);
    return builder.create().recursive().overwrite(false).opt(IF_NONE, true).build();
  }

  private boolean isOfS3() {
    return files.getUri().getScheme().equals("s3a");
  }

  private boolean isLocal() {
    return files.getUri().getScheme().equals("file");
  }

  private void removeIfDead(String what) throws IOException {
    Optional<LockHolder> found = read(file);
    if (!isDead(found)) {
      throw held(what);
    }
    LOG.warn(
        "the lock {} of a run that ended is taken over: {}",
        file,
        describe(found, "it does not say whose"));
    Path aside = file.suffix("-" + holder.token());
    // Of several runs that find a dead lock one moves it; who moves a living one puts it back.
    if (files.rename(file, aside) && !read(aside).equals(found)) {
      if (!files.rename(aside, file)) {
        files.delete(aside, false); // a third has made its own meanwhile
      }
      throw held(what);
    }
    files.delete(aside, false);
    tookOver = true;
  }

  /**
   * Waits while others have a lock aside. One of them may have moved a living lock, taking it for
   * the dead one that it had read, and puts it back over what was made in the meantime.
   */
  private void settle() throws IOException {
    long end = System.nanoTime() + ASIDE.toNanos();
    FileStatus[] aside = files.globStatus(file.suffix("-*"));
    while (aside != null && aside.length > 0) {
      if (System.nanoTime() > end) {
        files.delete(aside[0].getPath(), false); // of a run that was killed just then
      }
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      aside = files.globStatus(file.suffix("-*"));
    }
  }

  private boolean isDead(Optional<LockHolder> found) throws IOException {
    boolean isCertain = found.map(LockHolder::hasEnded).orElse(true);
    return mayBeDead(found) && (isCertain || standsStill(found));
  }

  private boolean mayBeDead(Optional<LockHolder> found) throws IOException {
    Duration age = age();
    return age.compareTo(EXPIRY) > 0
        || age.compareTo(UNSIGNED.negated()) < 0 // of a time to come
        || found.map(LockHolder::hasEnded).orElse(age.compareTo(UNSIGNED) > 0);
  }

  /** Whether nobody renews the lock for as long as it is watched. */
  private boolean standsStill(Optional<LockHolder> found) throws IOException {
    LOG.warn(
        "the lock {} of {} seems to be a dead run's; it is watched for {} s whether it is renewed",
        file,
        describe(found, ""),
        watch.toSeconds());
    Duration age = age();
    long begin = System.nanoTime();
    long modified = modified();
    while (System.nanoTime() - begin < watch.toNanos()) {
      LockSupport.parkNanos(watch.dividedBy(LOOKS).toNanos());
      if (modified() != modified || !read(file).equals(found)) {
        LOG.info("the lock {} was renewed, though it is {} old by this clock", file, age);
        return false;
      }
    }
    return true;
  }

  private StrataException held(String what) throws IOException {
    return held(file, what, new LockState(read(file), age(), false));
  }

  private static StrataException held(Path file, String what, LockState lock) {
    return StrataException.locked(
        "%s by %s, last heard of %d seconds ago; wait until it ends, or remove %s"
            + " if you know that it is dead",
        what,
        describe(lock.holder(), "a run that is just starting"),
        Math.max(0, lock.age().toSeconds()),
        file);
  }

  private static String describe(Optional<LockHolder> holder, String otherwise) {
    return holder.map(LockHolder::toString).orElse(otherwise);
  }

  /** By this machine's clock, which may be behind that of the file system. */
  private Duration age() throws IOException {
    long now = System.currentTimeMillis();
    long modified = modified();
    return Duration.ofMillis(modified == 0 ? 0 : now - modified);
  }

  /** 0 for a lock that was given back a moment ago. */
  private long modified() throws IOException {
    try {
      return files.getFileStatus(file).getModificationTime();
    } catch (FileNotFoundException e) {
      return 0;
    }
  }

  /** Who wrote a lock; empty while it is being written or if it is gone. */
  private Optional<LockHolder> read(Path lock) throws IOException {
    try (FSDataInputStream in = files.open(lock)) {
      return LockHolder.parse(in.readAllBytes());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private void beat() {
    try {
      if (isMine()) {
        renew();
      }
    } catch (IOException e) {
      LOG.warn("the lock {} cannot be renewed: {}", file, e.getMessage(), e);
    }
  }

  /** Where a file system keeps no times that one can set, such as S3's, it is written again. */
  private void renew() throws IOException {
    files.setTimes(file, System.currentTimeMillis(), -1);
    if (age().compareTo(HEARTBEAT.dividedBy(2)) > 0) {
      try (OutputStream out = files.create(file, true)) {
        out.write(holder.toBytes());
      }
    }
  }

  private boolean isAnothers() throws IOException {
    return read(file).map(other -> !other.token().equals(holder.token())).orElse(false);
  }

  private boolean isMine() throws IOException {
    return read(file).map(other -> other.token().equals(holder.token())).orElse(false);
  }

  /**
   * To be called before what the lock protects is changed.
   *
   * @throws StrataException if the lock was lost, which a process does that stood still for long
   */
  public void check() throws IOException {
    if (!isMine()) {
      throw StrataException.locked(
          "the lock %s was lost while the run went on; nothing was replaced, run it again", file);
    }
  }

  @Override
  public void close() {
    if (!ShutdownHookManager.get().isShutdownInProgress()) {
      ShutdownHookManager.get().removeShutdownHook(atShutdown);
    }
    release();
  }

  private void release() {
    heartbeat.shutdownNow();
    try {
      if (isMine()) {
        files.delete(file, false);
      }
    } catch (IOException e) {
      LOG.warn("the lock {} cannot be removed: {}", file, e.getMessage(), e);
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "strata-lock");
    thread.setDaemon(true);
    return thread;
  }
}
