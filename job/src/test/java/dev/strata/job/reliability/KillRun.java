package dev.strata.job.reliability;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Rows;
import dev.strata.job.it.Launcher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;

/**
 * A run of which executors and once the driver are killed at random moments, by SIGKILL, and which
 * is started again until it ends by itself.
 */
final class KillRun {

  private static final int MOST_EXECUTORS = 3;
  private static final int LONGEST_DELAY_MILLIS = 700;
  private static final int MOST_STARTS = 6;

  /** Processes that were killed, and when; those that a driver took along among them. */
  private final Map<Long, Long> killed = new HashMap<>();

  private final Work work;
  private final Path directory;
  private final Random random;
  private final int seed;
  private final Witness witness;
  private final List<String> command;
  private final List<Boolean> victims = new ArrayList<>();
  private final double[] moments;
  private int done;
  private int executors;
  private int drivers;

  /**
   * @param directory an empty one
   * @param seed what it does follows from
   */
  KillRun(Work work, Path directory, int seed) throws IOException {
    this.work = work;
    this.directory = directory;
    this.random = new Random(seed);
    this.seed = seed;
    this.witness = Witness.in(directory.resolve("witness"), Work.SWEEP_MILLIS);
    this.command = work.command(witness, directory.resolve("rows"));
    int kills = 2 + random.nextInt(MOST_EXECUTORS);
    int driver = random.nextInt(kills);
    this.moments = DoubleStream.generate(random::nextDouble).limit(kills).sorted().toArray();
    for (int i = 0; i < kills; i++) {
      victims.add(i == driver);
    }
  }

  /** Runs to the end, and compares. */
  KillFigures execute() throws Exception {
    long start = System.nanoTime();
    int starts = 1;
    while (!runs()) {
      if (++starts > MOST_STARTS) {
        throw new AssertionError("run %d was started %d times".formatted(seed, starts));
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    int excepted = compare();
    return figures(seconds, excepted);
  }

  /** Starts the run or goes on with it; returns whether it ended by itself. */
  private boolean runs() throws Exception {
    Launcher.Started run = Launcher.start("strata", Map.of(), command.toArray(String[]::new));
    boolean isDriverKilled = false;
    while (run.process().isAlive() && !isDriverKilled) {
      TimeUnit.MILLISECONDS.sleep(20);
      if (done < moments.length && witness.count() >= moments[done] * work.tokens()) {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_DELAY_MILLIS));
        isDriverKilled = kill(run);
      }
    }
    CommandResult result = run.await();
    if (!isDriverKilled && result.exitCode() != 0) {
      throw new AssertionError(
          "run %d ended with %d:%n%s"
              .formatted(seed, result.exitCode(), String.join("\n", result.err())));
    }
    return !isDriverKilled;
  }

  /** Kills the next that is to be, if it is there; returns whether that was the driver. */
  private boolean kill(Launcher.Started run) {
    List<ProcessHandle> there = run.executors().toList();
    long now = System.currentTimeMillis();
    if (victims.get(done)) {
      there.forEach(executor -> killed.putIfAbsent(executor.pid(), now));
      run.process().destroyForcibly();
      done++;
      drivers++;
      return true;
    }
    if (!there.isEmpty()) {
      ProcessHandle executor = there.get(random.nextInt(there.size()));
      killed.putIfAbsent(executor.pid(), now);
      executor.destroyForcibly();
      done++;
      executors++;
    }
    return false;
  }

  /** How many rows differ where they may; all others are equal to those of the undisturbed run. */
  private int compare() throws IOException {
    Map<String, JsonObject> rows = Rows.read(directory.resolve("rows"));
    if (!rows.keySet().equals(work.rows().keySet())) {
      Set<String> missing = new HashSet<>(work.rows().keySet());
      missing.removeAll(rows.keySet());
      throw new AssertionError("run %d lost rows: %s".formatted(seed, missing));
    }
    int excepted = 0;
    for (Map.Entry<String, JsonObject> row : rows.entrySet()) {
      JsonObject expected = work.rows().get(row.getKey());
      if (!row.getValue().equals(expected)) {
        if (work.isClear(row.getKey())) {
          throw new AssertionError(
              "run %d has %s, the undisturbed one %s".formatted(seed, row.getValue(), expected));
        }
        excepted++;
      }
    }
    requireNothingBeside();
    return excepted;
  }

  private void requireNothingBeside() {
    Set<String> names = new HashSet<>(Arrays.asList(directory.toFile().list()));
    if (!names.equals(Set.of("rows", "witness"))) {
      throw new AssertionError("run %d left %s".formatted(seed, names));
    }
  }

  /** What was generated twice, and how long before its process' end the first time was. */
  private KillFigures figures(double seconds, int excepted) throws IOException {
    Map<List<Long>, Witness.Token> last = new HashMap<>();
    Map<Long, Long> oldest = new HashMap<>();
    List<Witness.Token> tokens = new ArrayList<>(witness.tokens());
    tokens.sort(java.util.Comparator.comparingLong(Witness.Token::millis));
    int twice = 0;
    for (Witness.Token token : tokens) {
      Witness.Token before = last.put(List.of(token.row(), (long) token.position()), token);
      if (before != null) {
        twice++;
        oldest.merge(before.process(), before.millis(), Math::min);
      }
    }
    double longest = 0;
    int unexplained = 0;
    for (Map.Entry<Long, Long> lost : oldest.entrySet()) {
      Long end = killed.get(lost.getKey());
      if (end == null) {
        unexplained++;
      } else {
        longest = Math.max(longest, (end - lost.getValue()) / 1e3);
      }
    }
    return new KillFigures(
        seed, seconds, executors, drivers, excepted, tokens.size(), twice, longest, unexplained);
  }
}
