package dev.strata.job.plan;

import dev.strata.udfs.api.PlanPreview;

/**
 * How many sweeps an engine takes. Where rows stop is known only when they have run, so there are
 * two bounds: every row stops at its first token, or none before its last.
 */
public record SweepRange(long fewest, long most) {

  /**
   * How tasks bring their rows to the engine.
   *
   * @param atOnce tasks that run at the same time
   * @param rounds how often tasks follow each other, each with rows of its own
   * @param readAheadRows unfinished rows that one holds at most; 0 for what fills any wave
   */
  public record Tasks(int atOnce, int rounds, int readAheadRows) {

    /** The tasks of one engine's partitions. */
    public static Tasks of(int partitions, int atOnce, int readAheadRows) {
      int running = Math.min(partitions, atOnce);
      return new Tasks(running, ceil((double) partitions / running), readAheadRows);
    }
  }

  /** The range for one engine. */
  public static SweepRange of(Workload work, PlanPreview plan, Tasks tasks) {
    if (work.rows() <= 0) {
      return new SweepRange(0, 0);
    }
    return new SweepRange(fewest(work, plan, tasks), most(work, plan, tasks));
  }

  private static long fewest(Workload work, PlanPreview plan, Tasks tasks) {
    double byRows = work.rows() / wave(plan, tasks);
    double byRoom = work.keptTokens() / plan.kvTokens();
    double byTokens = work.promptTokens() / plan.sweepTokens();
    double byTasks = Math.min(tasks.rounds(), work.rows());
    return ceil(Math.max(Math.max(byRows, byRoom), Math.max(byTokens, byTasks)));
  }

  /**
   * As long as rows wait, the wave is full, and no row takes more sweeps than it gets tokens; then
   * the rows of the wave end within the longest's. Prompts that are larger than a sweep wait in
   * sweeps that are full of prompts.
   */
  private static long most(Workload work, PlanPreview plan, Tasks tasks) {
    if (work.newTokens() == 0) {
      return mostOfPrompts(work, plan, tasks);
    }
    int wave = wave(plan, tasks);
    if (work.needsLogits()) {
      wave = Math.min(wave, plan.logitRows());
    }
    double active = Math.max(1, Math.min(wave, rowsThatFit(work, plan)));
    int promptRoom = Math.max(1, plan.sweepTokens() - wave + 1);
    return ceil(work.newTokens() / active)
        + (long) tasks.rounds() * work.longest()
        + (long) (work.promptTokens() / promptRoom);
  }

  /**
   * Rows that only have their prompts read: no wave of them is less than half full but the last.
   */
  private static long mostOfPrompts(Workload work, PlanPreview plan, Tasks tasks) {
    return 2 * fewest(work, plan, tasks) + tasks.rounds();
  }

  private static int wave(PlanPreview plan, Tasks tasks) {
    if (tasks.readAheadRows() == 0) {
      return plan.waveRows();
    }
    long readAhead = (long) tasks.atOnce() * tasks.readAheadRows();
    return (int) Math.min(plan.waveRows(), readAhead);
  }

  /** Rows that have room for their keys and values at once while others wait for it. */
  private static double rowsThatFit(Workload work, PlanPreview plan) {
    if (work.keptTokens() <= plan.kvTokens()) {
      return Double.MAX_VALUE;
    }
    double kept = work.keptTime() / work.newTokens();
    return (plan.kvTokens() - work.largestKept()) / kept;
  }

  private static int ceil(double value) {
    return (int) Math.ceil(value);
  }
}
