package dev.strata.job.reliability;

import dev.strata.job.Demo;
import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.spark.Prompts;
import dev.strata.udfs.spark.RunJournal;
import dev.strata.udfs.spark.Strata;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a journal costs: the same rows with one and without, in turn, on one engine. Prints medians
 * and their ratios.
 *
 * <p>{@code -Dstrata.cost.pairs} is how many of each, 15 unless set.
 */
class JournalCost {

  private static final int COPIES = 4;

  @TempDir Path directory;

  /**
   * What a run took.
   *
   * @param seconds until its end
   * @param cpuSeconds of all threads of the process
   */
  private record Cost(double seconds, double cpuSeconds) {}

  @Test
  void aRunWithAndWithoutAJournal() throws Exception {
    SparkSession session = TestSession.local(2).getOrCreate();
    try {
      compare(session, rows(session));
    } finally {
      session.stop();
    }
  }

  private void compare(SparkSession session, Dataset<Row> rows) throws Exception {
    List<Cost> with = new ArrayList<>();
    List<Cost> without = new ArrayList<>();
    int pairs = Integer.getInteger("strata.cost.pairs", 15);
    for (int i = -1; i < pairs; i++) {
      Cost journaled = journaled(session, rows);
      Cost plain = cost(model(session), rows);
      if (i >= 0) { // all is warm
        with.add(journaled);
        without.add(plain);
      }
    }
    System.out.printf("%d rows, %d runs of each, in turn; medians%n", rows.count(), pairs);
    print(
        "time",
        median(with.stream().map(Cost::seconds)),
        median(without.stream().map(Cost::seconds)));
    print(
        "processor time",
        median(with.stream().map(Cost::cpuSeconds)),
        median(without.stream().map(Cost::cpuSeconds)));
  }

  private static void print(String what, double with, double without) {
    System.out.printf(
        "%-15s with %.2f s, without %.2f s: %+.1f %%%n",
        what, with, without, 100 * (with / without - 1));
  }

  private static double median(java.util.stream.Stream<Double> values) {
    List<Double> sorted = values.sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private Cost journaled(SparkSession session, Dataset<Row> rows) throws Exception {
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    StrataConf conf = StrataConf.of(keys());
    RunJournal journal =
        RunJournal.open(
            hadoop,
            directory.resolve("journal").toString(),
            Duration.ofSeconds(5), // as it is unless set
            conf.generationOptions(Prompts.translate(conf)),
            true);
    Cost cost = cost(model(session).journaled(journal), rows);
    journal.remove(hadoop);
    return cost;
  }

  private static Cost cost(Strata model, Dataset<Row> rows) {
    long start = System.nanoTime();
    long cpu = cpuNanos();
    model.translate(rows).write().format("noop").mode("overwrite").save();
    return new Cost((System.nanoTime() - start) / 1e9, (cpuNanos() - cpu) / 1e9);
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Different sentences, some thousand. */
  private static Dataset<Row> rows(SparkSession session) {
    Dataset<Row> sentences =
        session.read().json(Demo.ROOT.resolve("datasets/sentences.json").toString());
    return sentences
        .crossJoin(session.range(COPIES).toDF("copy"))
        .withColumn(
            "text",
            functions.concat(functions.col("copy"), functions.lit(". "), functions.col("text")))
        .repartition(2)
        .cache();
  }

  private static Map<String, String> keys() {
    return Map.of(
        "spark.strata.model", Demo.MODEL.toString(),
        "spark.strata.text.column", "text",
        "spark.strata.toLanguage", "French",
        "spark.strata.host.memory", "512m",
        "spark.strata.partitions", "2",
        "spark.strata.maxNewTokens", "32");
  }

  private static Strata model(SparkSession session) {
    return Strata.on(session, StrataConf.of(keys()));
  }
}
