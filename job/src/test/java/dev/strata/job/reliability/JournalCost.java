package dev.strata.job.reliability;

import dev.strata.job.Demo;
import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.spark.Prompts;
import dev.strata.udfs.spark.RunJournal;
import dev.strata.udfs.spark.Strata;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a journal costs: the same rows with one and without, in turn, on one engine, and how much of
 * the time of those with one goes by in the journal's own code.
 *
 * <p>{@code -Dstrata.cost.pairs} is how many of each, 10 unless set.
 */
class JournalCost {

  private static final int PAIRS = Integer.getInteger("strata.cost.pairs", 10);
  private static final int COPIES = 4;

  @TempDir Path directory;

  @Test
  void aRunWithAndWithoutAJournal() throws Exception {
    SparkSession session = TestSession.local(2).getOrCreate();
    try {
      Dataset<Row> rows = rows(session);
      compare(session, rows);
      sample(session, rows);
    } finally {
      session.stop();
    }
  }

  private void compare(SparkSession session, Dataset<Row> rows) throws Exception {
    pair(session, rows, true); // all is warm then
    List<Cost.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(pair(session, rows, i % 2 == 0));
    }
    System.out.printf("%d rows, %d runs of each, in turn%n", rows.count(), PAIRS);
    Cost.print(pairs);
  }

  /** One of each; which is the first changes, since a machine becomes slower and faster. */
  private Cost.Pair pair(SparkSession session, Dataset<Row> rows, boolean journalFirst)
      throws Exception {
    if (journalFirst) {
      Cost with = journaled(session, rows);
      return new Cost.Pair(with, cost(model(session), rows));
    }
    Cost without = cost(model(session), rows);
    return new Cost.Pair(journaled(session, rows), without);
  }

  /** Looks every few milliseconds at where each thread is. */
  private void sample(SparkSession session, Dataset<Row> rows) throws Exception {
    Samples samples = Samples.of(directory.resolve("samples.jfr"), () -> journaled(session, rows));
    List<RecordedEvent> ours = samples.in("dev.strata.udfs.");
    long journals = ours.stream().filter(JournalCost::isJournals).count();
    long behind =
        ours.stream().filter(JournalCost::isJournals).filter(JournalCost::isBehind).count();
    System.out.printf(
        "of %d samples of Strata's threads %d are in the journal (%.1f %%), %d of them on a thread"
            + " that no row waits for%n",
        ours.size(), journals, 100.0 * journals / ours.size(), behind);
  }

  private static boolean isJournals(RecordedEvent event) {
    return Samples.isIn(event, "dev.strata.udfs.journal.")
        || Samples.isIn(event, "dev.strata.udfs.spark.TaskJournal")
        || Samples.isIn(event, "dev.strata.udfs.spark.RunJournal");
  }

  private static boolean isBehind(RecordedEvent event) {
    RecordedThread thread = event.getThread("sampledThread");
    return thread != null && "strata-journal".equals(thread.getJavaName());
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

  private static Cost cost(Strata model, Dataset<Row> rows) throws Exception {
    return Cost.of(() -> model.translate(rows).write().format("noop").mode("overwrite").save());
  }

  /** Different sentences, some thousand. */
  static Dataset<Row> rows(SparkSession session) {
    Dataset<Row> sentences =
        session.read().json(Demo.ROOT.resolve("datasets/sentences.json").toString());
    return sentences
        .crossJoin(session.range(COPIES).toDF("copy"))
        .withColumn(
            "text",
            functions.concat(functions.col("copy"), functions.lit(". "), functions.col("text")))
        .repartition(1)
        .cache();
  }

  static Map<String, String> keys() {
    return Map.of(
        "spark.strata.model", Demo.MODEL.toString(),
        "spark.strata.text.column", "text",
        "spark.strata.toLanguage", "French",
        "spark.strata.host.memory", "512m",
        "spark.strata.partitions", "1",
        "spark.strata.maxNewTokens", "32");
  }

  private static Strata model(SparkSession session) {
    return Strata.on(session, StrataConf.of(keys()));
  }
}
