package dev.strata.job.run;

import dev.strata.udfs.lock.LockHolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders in which a master of {@code local-cluster[…]} starts executors, each with a copy of
 * the jar. Spark never removes them: its workers do so where they are services of their own.
 *
 * @param work where the folders of all applications are
 */
record LocalCluster(Path work) {

  private static final Logger LOG = LoggerFactory.getLogger(LocalCluster.class);

  /** Who the folders of an application belong to. */
  private static final String DRIVER = ".strata-driver";

  /** Where Spark puts them, if the master is one. */
  static Optional<LocalCluster> of(String master) {
    return master.startsWith("local-cluster[")
        ? Optional.of(new LocalCluster(Path.of(sparkHome(), "work")))
        : Optional.empty();
  }

  /**
   * What a session with the master needs: Spark names applications by the second, and those of one
   * second would have one folder.
   */
  static Map<String, String> settings(String master) {
    return of(master).isEmpty()
        ? Map.of()
        : Map.of("spark.deploy.appIdPattern", "app-%s-" + ProcessHandle.current().pid() + "-%04d");
  }

  private static String sparkHome() {
    return System.getenv().getOrDefault("SPARK_HOME", ".");
  }

  /** Clears what drivers left that were killed, and notes whose an application's folders are. */
  void enter(String application) {
    try {
      clear();
      Path folder = Files.createDirectories(work.resolve(application));
      Files.write(folder.resolve(DRIVER), LockHolder.ofThisProcess(application).toBytes());
    } catch (IOException e) {
      LOG.warn("executors' folders in {} cannot be cleared: {}", work, e.toString(), e);
    }
  }

  private void clear() throws IOException {
    if (!Files.isDirectory(work)) {
      return;
    }
    List<Path> folders;
    try (Stream<Path> all = Files.list(work)) {
      folders = all.filter(LocalCluster::isLeft).toList();
    }
    for (Path folder : folders) {
      FileUtil.fullyDelete(folder.toFile());
      LOG.warn("executors' folder {}, which a run that was killed left, is cleared away", folder);
    }
  }

  private static boolean isLeft(Path folder) {
    try {
      return LockHolder.parse(Files.readAllBytes(folder.resolve(DRIVER)))
          .map(LockHolder::hasEnded)
          .orElse(false);
    } catch (IOException e) {
      return false; // none of ours
    }
  }

  /** Removes an application's folders; to be called when Spark has stopped. */
  void leave(String application) {
    Path folders = work.resolve(application);
    if (!FileUtil.fullyDelete(folders.toFile())) {
      LOG.warn("the executors' folder {} cannot be removed", folders);
    }
  }
}
