package dev.strata.udfs.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunLockTest {

  @TempDir Path directory;

  @Test
  void oneHoldsItAtATime() throws IOException {
    Path file = directory.resolve("new/.out.strata-lock");
    try (RunLock lock = acquire(file)) {
      lock.check();
      assertThatThrownBy(() -> acquire(file))
          .isInstanceOf(StrataException.class)
          .hasMessageMatching(
              "the output is being written by \\S+ on \\S+ \\(process "
                  + ProcessHandle.current().pid()
                  + ", application app-1, since \\S+Z\\), last heard of \\d+ seconds ago; wait"
                  + " until it ends, or remove file:"
                  + file
                  + " if you know that it is dead")
          .extracting(e -> ((StrataException) e).fault().exitCode())
          .isEqualTo(6);
    }
    assertThat(file).doesNotExist();
    acquire(file).close();
  }

  @Test
  void aSilentLockIsTakenOver() throws IOException {
    Path file = directory.resolve(".out.strata-lock");
    Files.writeString(file, "whoever");
    assertThatThrownBy(() -> acquire(file)).hasMessageContaining("a run that is just starting");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofMinutes(11))));
    try (RunLock lock = acquire(file)) {
      lock.check();
      assertThat(directory.toFile().list()).containsExactly(".out.strata-lock");
    }
  }

  @Test
  void theLockOfAProcessThatEndedIsTakenOver() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    LockHolder me = LockHolder.ofThisProcess("app-0");
    LockHolder dead = withProcess(me, ended.pid(), me.host());
    Path file = directory.resolve(".out.strata-lock");
    Files.write(file, withProcess(me, ended.pid(), "elsewhere").toBytes());
    assertThatThrownBy(() -> acquire(file)).hasMessageContaining("on elsewhere");
    Files.write(file, dead.toBytes());
    acquire(file).close();
    assertThat(file).doesNotExist();
  }

  /** As a full disk leaves it, or a kill between making the file and writing it. */
  @ParameterizedTest
  @ValueSource(strings = {"", "token=half"})
  void aLockThatNobodySignedIsTakenOverAfterAMinute(String content) throws IOException {
    Path file = directory.resolve(".out.strata-lock");
    Files.writeString(file, content);
    assertThatThrownBy(() -> acquire(file)).hasMessageContaining("a run that is just starting");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofSeconds(61))));
    try (RunLock lock = acquire(file)) {
      assertThat(lock.tookOver()).isTrue();
    }
  }

  /** A device that is always full. */
  @Test
  void aLockThatCannotBeWrittenIsNotLeftBehind() throws IOException {
    Path file = directory.resolve(".out.strata-lock");
    Configuration full = new Configuration();
    full.set("fs.full.impl", FullDisk.class.getName());
    var at = new org.apache.hadoop.fs.Path("full:" + file);
    assertThatThrownBy(() -> RunLock.acquire(at.getFileSystem(full), at, "it is held", "app-1"))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");
    assertThat(file).doesNotExist();
  }

  /** The local file system, with no room for any byte. */
  static final class FullDisk extends RawLocalFileSystem {

    @Override
    public URI getUri() {
      return URI.create("full:///");
    }

    @Override
    public FSDataOutputStream create(org.apache.hadoop.fs.Path path, boolean overwrite)
        throws IOException {
      Files.createFile(Path.of(path.toUri().getPath()));
      return new FSDataOutputStream(
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              throw new IOException("No space left on device");
            }
          },
          null);
    }
  }

  @Test
  void lookingChangesNothing() throws IOException {
    Path file = directory.resolve("new/.out.strata-lock");
    requireFree(file);
    assertThat(file.getParent()).doesNotExist();
    try (RunLock lock = acquire(file)) {
      assertThatThrownBy(() -> requireFree(file)).hasMessageContaining("is being written by");
      lock.check();
    }
    Files.writeString(file, "whoever");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofMinutes(11))));
    requireFree(file);
    assertThat(file).hasContent("whoever");
  }

  private static void requireFree(Path file) throws IOException {
    RunLock.requireFree(
        files(), new org.apache.hadoop.fs.Path(file.toUri()), "the output is being written");
  }

  /** A lock of another machine, as it looks after clocks were set. */
  private Path lockOfAnotherMachine(Duration age) throws IOException {
    LockHolder me = LockHolder.ofThisProcess("app-0");
    Path file = directory.resolve(".out.strata-lock");
    Files.write(file, withProcess(me, me.process(), "elsewhere").toBytes());
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
    return file;
  }

  /** Old, or of a time to come. */
  @ParameterizedTest
  @ValueSource(longs = {11, -60})
  void aLockThatNobodyRenewsIsTakenOverOnceItWasWatched(long minutes) throws IOException {
    Path file = lockOfAnotherMachine(Duration.ofMinutes(minutes));
    requireFree(file);
    long before = System.nanoTime();
    try (RunLock lock = acquire(file, Duration.ofMillis(100))) {
      assertThat(lock.tookOver()).isTrue();
    }
    assertThat(System.nanoTime() - before).isGreaterThan(100_000_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, -60})
  void aLockThatIsRenewedIsALivingRunsWhateverTheClockSays(long minutes) throws Exception {
    Path file = lockOfAnotherMachine(Duration.ofMinutes(minutes));
    CompletableFuture<RunLock> other =
        CompletableFuture.supplyAsync(() -> acquire(file, Duration.ofSeconds(20)));
    Instant earlier = Instant.now().minus(Duration.ofMinutes(minutes + 3));
    for (int i = 0; !other.isDone(); i++) {
      Files.setLastModifiedTime(file, FileTime.from(earlier.plusMillis(i)));
      Thread.sleep(20);
    }
    assertThatThrownBy(other::join).hasMessageContaining("is being written by");
    assertThat(LockHolder.parse(Files.readAllBytes(file)).orElseThrow().host())
        .isEqualTo("elsewhere");
  }

  /** Somebody took it for a dead one, sees that it lives, and puts it back over a new one. */
  @Test
  void aLivingLockThatWasAsideIsStillHeld() throws Exception {
    Path file = lockOfAnotherMachine(Duration.ZERO);
    LockHolder living = LockHolder.parse(Files.readAllBytes(file)).orElseThrow();
    Path aside = file.resolveSibling(file.getFileName() + "-1234");
    Files.move(file, aside);
    CompletableFuture<RunLock> other = CompletableFuture.supplyAsync(() -> acquire(file));
    while (!Files.exists(file) || LockHolder.parse(Files.readAllBytes(file)).isEmpty()) {
      Thread.sleep(5);
    }
    Thread.sleep(500); // a lock that is the new one's by then is not waited for
    assumeTrue(Files.exists(aside), "it is not aside for longer than a moment");
    Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(other::join).hasMessageContaining("is being written by " + living);
  }

  /** When processes started is told by the clock as well. */
  @Test
  void aClockThatIsSetEndsNoProcess() {
    LockHolder me = LockHolder.ofThisProcess("app-0");
    assertThat(me.started()).isPositive();
    LockHolder before =
        new LockHolder(
            "other-token",
            me.user(),
            me.host(),
            me.processes(),
            me.process(),
            me.started(),
            me.application(),
            Instant.EPOCH);
    assertThat(before.hasEnded()).isFalse();
    LockHolder withItsNumber =
        new LockHolder(
            "other-token",
            me.user(),
            me.host(),
            me.processes(),
            me.process(),
            me.started() - 1,
            me.application(),
            me.since());
    assertThat(withItsNumber.hasEnded()).isTrue();
  }

  @Test
  void aLostLockIsNoticedAndLeftAlone() throws IOException {
    Path file = directory.resolve(".out.strata-lock");
    try (RunLock lock = acquire(file)) {
      Files.write(file, LockHolder.ofThisProcess("app-2").toBytes());
      assertThatThrownBy(lock::check).hasMessageContaining("was lost while the run went on");
    }
    assertThat(file).exists();
  }

  @Test
  void ofManyAtOnceOneGetsIt() throws IOException {
    Path file = directory.resolve(".out.strata-lock");
    LockHolder me = LockHolder.ofThisProcess("app-0");
    Files.write(file, withProcess(me, Integer.MAX_VALUE, me.host()).toBytes());
    List<CompletableFuture<RunLock>> tries =
        IntStream.range(0, 8)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> tryAcquire(file)))
            .toList();
    Stream<RunLock> got = tries.stream().map(CompletableFuture::join).filter(Objects::nonNull);
    assertThat(got).singleElement().satisfies(RunLock::close);
  }

  private static RunLock tryAcquire(Path file) {
    try {
      return acquire(file);
    } catch (StrataException e) {
      return null;
    }
  }

  private static RunLock acquire(Path file) {
    return acquire(file, Duration.ofMillis(50));
  }

  private static RunLock acquire(Path file, Duration watch) {
    try {
      return RunLock.acquire(
          files(),
          new org.apache.hadoop.fs.Path(file.toUri()),
          "the output is being written",
          "app-1",
          watch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FileSystem files() throws IOException {
    return FileSystem.getLocal(new Configuration());
  }

  private static LockHolder withProcess(LockHolder holder, long process, String host) {
    return new LockHolder(
        "other-token",
        holder.user(),
        host,
        holder.processes(),
        process,
        holder.started(),
        holder.application(),
        holder.since());
  }
}
