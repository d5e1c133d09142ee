package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.QuotaUsage;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RunSpaceTest {

  private static final long MIB = 1 << 20;

  private static long free;

  /** A disk of any size. */
  public static final class SmallDisk extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("small:///");
    }

    @Override
    public String getScheme() {
      return "small";
    }

    @Override
    public FsStatus getStatus(Path path) {
      return new FsStatus(1L << 40, 0, free);
    }

    @Override
    public short getDefaultReplication(Path path) {
      return copies;
    }

    @Override
    protected void checkPath(Path path) {}
  }

  private static short copies;
  private static QuotaUsage quota;

  /** A file system whose directories have quotas. */
  public static final class WithQuota extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("hdfs://nn/");
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
      if (path.depth() > 2) {
        throw new FileNotFoundException(path.toString());
      }
      return new FileStatus(0, true, 1, 1, 0, path);
    }

    @Override
    public FsStatus getStatus(Path path) {
      return new FsStatus(1L << 50, 0, 1L << 50);
    }

    @Override
    public short getDefaultReplication(Path path) {
      return 3;
    }

    @Override
    public long getDefaultBlockSize(Path path) {
      return 128 * MIB;
    }

    @Override
    public QuotaUsage getQuotaUsage(Path path) throws IOException {
      if (path.depth() == 2) {
        throw new AccessControlException("it has a secret directory");
      }
      return quota;
    }

    @Override
    protected void checkPath(Path path) {}
  }

  private final Configuration hadoop = new Configuration();
  private final AtomicInteger counted = new AtomicInteger();

  @BeforeEach
  void aSmallDisk() {
    copies = 1;
    hadoop.setClass("fs.small.impl", SmallDisk.class, org.apache.hadoop.fs.FileSystem.class);
    hadoop.setClass("fs.hdfs.impl", WithQuota.class, org.apache.hadoop.fs.FileSystem.class);
  }

  private RunSpace run(long inputBytes, long rows) {
    return new RunSpace(
        inputBytes,
        () -> {
          counted.incrementAndGet();
          return rows;
        },
        256);
  }

  private void check(RunSpace run) {
    run.check(hadoop, "small:/none/.out.strata-journal", "small:/none/out");
  }

  @Test
  void whatCannotFitIsRefusedBeforeItRuns() {
    free = 30 * MIB;
    assertThatThrownBy(() -> check(run(100 * MIB, 1_000_000)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "small:/none/out has room for 30 MiB, but the run writes at least 40 MiB there, its"
                + " journal included; make room, or name another --output or --journal-dir");
    free = 40 * MIB;
    assertThatCode(() -> check(run(100 * MIB, 1_000_000))).doesNotThrowAnyException();
  }

  /** What is free of all disks has room for a third of it. */
  @Test
  void copiesTakeRoomAsWell() {
    copies = 3;
    free = 3 * 30 * MIB;
    assertThatThrownBy(() -> check(run(100 * MIB, 1_000_000)))
        .hasMessageStartingWith("small:/none/out has room for 30 MiB, ");
  }

  @Test
  void aFullDiskHasRoomForNoRun() {
    free = MIB / 2;
    assertThatThrownBy(() -> check(run(10, 1)))
        .hasMessageContaining("has room for 0 MiB, but the run writes at least 1 MiB there");
  }

  /** Rows are counted only where it matters. */
  @Test
  void whereThereIsRoomForAnythingNothingIsRead() {
    free = 100_000 * MIB;
    check(run(10 * MIB, 5));
    free = 100 * MIB;
    check(run(RunSpace.UNKNOWN, 5));
    assertThat(counted).hasValue(0);
  }

  @Test
  void aJournalElsewhereNeedsItsRoomThere() {
    free = 30 * MIB;
    assertThatThrownBy(
            () -> run(100 * MIB, 1_000_000).check(hadoop, "small:/journals/one", "file:///tmp/out"))
        .hasMessageStartingWith("small:/journals/one has room for 30 MiB");
  }

  @Test
  void aFileSystemThatIsNotThereIsForOthersToTell() {
    assertThatCode(() -> run(100 * MIB, 1).check(hadoop, "nofs:/a", null))
        .doesNotThrowAnyException();
  }

  private void checkOnHdfs() {
    run(100 * MIB, 1_000_000).check(hadoop, "hdfs://nn/a/b/.c.strata-journal", "hdfs://nn/a/b/c");
  }

  @Test
  void aQuotaLimitsWhatADirectoryHasRoomFor() {
    quota = usage().spaceQuota(3 * 150 * MIB).spaceConsumed(3 * 10 * MIB).build();
    assertThatCode(this::checkOnHdfs).doesNotThrowAnyException();
    quota = usage().spaceQuota(3 * 150 * MIB).spaceConsumed(3 * 50 * MIB).build();
    assertThatThrownBy(this::checkOnHdfs)
        .hasMessage(
            "hdfs://nn/a/b/c has room for 100 MiB within the quota of hdfs://nn/a, but a file takes"
                + " 128 MiB of it until it is written; make room, have the quota raised, or name"
                + " another --output or --journal-dir");
    quota = usage().spaceQuota(3 * 150 * MIB).spaceConsumed(3 * 120 * MIB).build();
    assertThatThrownBy(this::checkOnHdfs)
        .hasMessageContaining(
            "has room for 30 MiB within the quota of hdfs://nn/a, but the run writes at least");
    quota = usage().build();
    assertThatCode(this::checkOnHdfs).doesNotThrowAnyException();
  }

  @Test
  void aQuotaOfNamesCounts() {
    quota = usage().quota(1000).fileAndDirectoryCount(998).build();
    assertThatThrownBy(this::checkOnHdfs)
        .hasMessageStartingWith(
            "hdfs://nn/a/b/c has room for 2 files within the quota of hdfs://nn/a, but the run"
                + " makes at least 5 there");
    quota = usage().quota(1000).fileAndDirectoryCount(995).build();
    assertThatCode(this::checkOnHdfs).doesNotThrowAnyException();
  }

  private static QuotaUsage.Builder usage() {
    return new QuotaUsage.Builder();
  }
}
