package dev.strata.job.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.PlanPreview;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SweepRangeTest {

  private static final SweepRange.Tasks ONE = new SweepRange.Tasks(1, 1, 4096);

  @Test
  void allRowsAtOnce() {
    assertThat(range(rows(10, 100, 50), plan(64, 10_000), ONE))
        .as("one sweep, or 500 tokens by 64 rows and then the longest")
        .isEqualTo(new SweepRange(1, 8 + 50));
  }

  @Test
  void aSmallWave() {
    assertThat(range(rows(100, 10, 20), plan(10, 10_000), ONE))
        .isEqualTo(new SweepRange(10, 100 * 20 / 10 + 20));
  }

  @Test
  void keysAndValuesBoundTheWave() {
    SweepRange range = range(rows(100, 10, 20), plan(64, 10 * 29), ONE);
    assertThat(range.fewest()).isEqualTo(10);
    assertThat(range.most()).isEqualTo((100 * 20 + 8) / 9 + 20);
  }

  @Test
  void promptsLargerThanASweepTakeSeveral() {
    Workload work = rows(4, 5000, 1);
    SweepRange range = range(work, plan(4, 100_000, 1000), ONE);
    assertThat(range.fewest()).isEqualTo(20);
    assertThat(range.most()).isGreaterThanOrEqualTo(21);
  }

  @Test
  void aWaveIsNeverLargerThanWhatIsReadAhead() {
    SweepRange few = range(rows(70, 10, 20), plan(1000, 100_000), new SweepRange.Tasks(1, 1, 7));
    assertThat(few.fewest()).isEqualTo(10);
    assertThat(range(rows(70, 10, 20), plan(1000, 100_000), new SweepRange.Tasks(1, 1, 0)))
        .isEqualTo(range(rows(70, 10, 20), plan(1000, 100_000), ONE));
  }

  @Test
  void tasksOneAfterAnother() {
    SweepRange.Tasks tasks = SweepRange.Tasks.of(7, 2, 4096);
    assertThat(tasks).isEqualTo(new SweepRange.Tasks(2, 4, 4096));
    assertThat(range(rows(70, 10, 20), plan(1000, 100_000), tasks))
        .isEqualTo(new SweepRange(4, 2 + 4 * 20));
    assertThat(range(rows(8, 10, 20), plan(1000, 100_000), new SweepRange.Tasks(1, 1, 2)))
        .as("a task holds two unfinished rows")
        .isEqualTo(new SweepRange(4, 8 * 20 / 2 + 20));
  }

  @Test
  void noRows() {
    assertThat(range(rows(0, 0, 0), plan(64, 1000), ONE)).isEqualTo(new SweepRange(0, 0));
  }

  @Test
  void tasksAtOnceFollowCoresAndGpus() {
    assertThat(tasks(Map.of("spark.master", "local[4]"))).isEqualTo(4);
    assertThat(tasks(Map.of("spark.master", "local[4]", "spark.task.cpus", "3"))).isEqualTo(1);
    assertThat(tasks(Map.of("spark.master", "local"))).isEqualTo(1);
    assertThat(tasks(Map.of("spark.master", "local[*]")))
        .isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(tasks(Map.of("spark.master", "local[2,3]"))).isEqualTo(2);
    assertThat(tasks(Map.of("spark.master", "local-cluster[2,3,1024]"))).isEqualTo(3);
    assertThat(tasks(Map.of("spark.master", "yarn", "spark.executor.cores", "8"))).isEqualTo(8);
    assertThat(tasks(gpus("1", "8"))).as("two share an engine").isEqualTo(2);
    assertThat(tasks(gpus("1", "1"))).isEqualTo(1);
    assertThat(tasks(gpus("4", "8"))).isEqualTo(4);
    Map<String, String> thirds = new HashMap<>(gpus("1", "8"));
    thirds.put("spark.task.resource.gpu.amount", "0.33");
    assertThat(tasks(thirds)).isEqualTo(3);
  }

  private static Map<String, String> gpus(String gpus, String cores) {
    return Map.of(
        "spark.master", "yarn",
        "spark.executor.cores", cores,
        "spark.executor.resource.gpu.amount", gpus);
  }

  private static int tasks(Map<String, String> conf) {
    return Cluster.tasksAtOnce(conf::get);
  }

  private static SweepRange range(Workload work, PlanPreview plan, SweepRange.Tasks tasks) {
    return SweepRange.of(work, plan, tasks);
  }

  /** Equal rows. */
  private static Workload rows(int count, int promptTokens, int newTokens) {
    int kept = promptTokens + newTokens - 1;
    return new Workload(
        count,
        (double) count * promptTokens,
        (double) count * newTokens,
        newTokens,
        false,
        (double) count * kept,
        kept,
        (double) count * kept * newTokens);
  }

  private static PlanPreview plan(int waveRows, long kvTokens) {
    return plan(waveRows, kvTokens, 1 << 20);
  }

  private static PlanPreview plan(int waveRows, long kvTokens, int sweepTokens) {
    return new PlanPreview(
        waveRows, waveRows, sweepTokens, kvTokens, 8192, 1, 1, 0, 0, 1, List.of());
  }
}
