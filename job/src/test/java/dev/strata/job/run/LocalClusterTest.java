package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.lock.LockHolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalClusterTest {

  @TempDir Path work;

  @Test
  void foldersGoWithTheRun() throws IOException {
    LocalCluster cluster = new LocalCluster(work);
    cluster.enter("app-1");
    Files.createDirectories(work.resolve("app-1/0"));
    Files.writeString(work.resolve("app-1/0/strata.jar"), "large");
    cluster.leave("app-1");
    assertThat(work).isEmptyDirectory();
  }

  @Test
  void foldersOfDriversThatWereKilledGoWithTheNext() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    LockHolder me = LockHolder.ofThisProcess("app-2");
    folder("app-2", me);
    folder("app-3", process(me, ended.pid(), me.host()));
    folder("app-4", process(me, ended.pid(), "elsewhere"));
    Files.createDirectories(work.resolve("app-5/0"));
    new LocalCluster(work).enter("app-6");
    assertThat(work.toFile().list()).containsExactlyInAnyOrder("app-2", "app-4", "app-5", "app-6");
  }

  @Test
  void otherMastersHaveNone() {
    assertThat(LocalCluster.of("local[2]")).isEmpty();
    assertThat(LocalCluster.of("spark://host:7077")).isEmpty();
    assertThat(LocalCluster.of("local-cluster[2,1,1024]")).isPresent();
  }

  @Test
  void applicationsOfOneSecondHaveFoldersOfTheirOwn() {
    String pattern =
        LocalCluster.settings("local-cluster[2,1,1024]").get("spark.deploy.appIdPattern");
    assertThat(pattern.formatted("20261127234059", 3))
        .isEqualTo("app-20261127234059-%d-0003", ProcessHandle.current().pid());
    assertThat(LocalCluster.settings("local[2]")).isEmpty();
  }

  private void folder(String name, LockHolder driver) throws IOException {
    Files.createDirectories(work.resolve(name).resolve("0"));
    Files.write(work.resolve(name).resolve(".strata-driver"), driver.toBytes());
  }

  private static LockHolder process(LockHolder holder, long process, String host) {
    return new LockHolder(
        holder.token(),
        holder.user(),
        host,
        holder.processes(),
        process,
        holder.started(),
        holder.application(),
        holder.since());
  }
}
