package dev.strata.job.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import dev.strata.job.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;

/**
 * Many runs with kills at random moments. Those that are done are kept in {@code
 * target/reliability}, so that the next start goes on where this one was stopped.
 *
 * <p>{@code -Dstrata.kills.runs} is the last of them, 100 unless set, {@code -Dstrata.kills.first}
 * the first, {@code -Dstrata.kills.parallel} how many at a time, one unless set.
 */
class RandomKills {

  private static final Path DIRECTORY = Demo.ROOT.resolve("target/reliability");
  private static final Path DONE = DIRECTORY.resolve("kills.jsonl");
  private static final Gson JSON = new Gson();
  private static final int FIRST = Integer.getInteger("strata.kills.first", 1);
  private static final Queue<Throwable> FAILURES = new ConcurrentLinkedQueue<>();

  @Test
  void noRowIsLostOrComputedTwiceForLong() throws Exception {
    Work work = Work.in(DIRECTORY);
    Set<Integer> done = read().stream().map(KillFigures::seed).collect(Collectors.toSet());
    List<Integer> seeds =
        IntStream.rangeClosed(FIRST, Integer.getInteger("strata.kills.runs", 100))
            .boxed()
            .filter(seed -> !done.contains(seed))
            .toList();
    ExecutorService pool =
        Executors.newFixedThreadPool(Integer.getInteger("strata.kills.parallel", 1));
    try {
      List<Future<?>> runs = new ArrayList<>();
      seeds.forEach(seed -> runs.add(pool.submit(() -> run(work, seed))));
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      pool.shutdownNow();
    }
    List<KillFigures> all = read();
    System.out.println(new KillSummary(all).text());
    assertThat(FAILURES).isEmpty();
    assertThat(all).allSatisfy(run -> assertThat(run.unexplained()).isZero());
  }

  private static Void run(Work work, int seed) throws Exception {
    Path directory = DIRECTORY.resolve("run-" + seed);
    FileUtils.deleteDirectory(directory.toFile()); // of one that was stopped
    Files.createDirectories(directory);
    try {
      write(JSON.toJson(new KillRun(work, directory, seed).execute()));
      FileUtils.deleteDirectory(directory.toFile());
    } catch (Exception | AssertionError e) { // the others go on
      FAILURES.add(e);
    }
    return null;
  }

  private static synchronized void write(String line) throws IOException {
    Files.writeString(DONE, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static List<KillFigures> read() throws IOException {
    return Files.exists(DONE)
        ? Files.readAllLines(DONE).stream()
            .map(line -> JSON.fromJson(line, KillFigures.class))
            .toList()
        : List.of();
  }
}
