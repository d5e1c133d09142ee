package dev.strata.job.run;

import dev.strata.udfs.spark.ExecutorDeaths;
import dev.strata.udfs.spark.RunJournal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;

/**
 * A session for SQL statements, one at a time. Its tasks are tried as often as it takes to find a
 * row that ends executors, and those that fail otherwise no more often than Spark's own.
 */
public final class SqlSession implements AutoCloseable {

  /**
   * What the journals say that statements have open. Which of their nodes a partition is of, nobody
   * knows, so that all their rows count.
   */
  private record Journals(SparkContext context) implements TaskFailures.Partitions {

    private List<RunJournal> open() {
      return ExecutorDeaths.journals(context);
    }

    @Override
    public boolean hadRows(String executor, int partition, int partitions) throws IOException {
      for (RunJournal journal : open()) {
        if (journal.hasRowsInFlight(hadoop(), context.applicationId(), executor, 0, 1)) {
          return true;
        }
      }
      return false;
    }

    @Override
    public long produced(int partition, int partitions) throws IOException {
      long produced = 0;
      for (RunJournal journal : open()) {
        produced += journal.produced(hadoop(), 0, 1);
      }
      return produced;
    }

    private Configuration hadoop() {
      return context.hadoopConfiguration();
    }

    @Override
    public String told() {
      return open().isEmpty()
          ? "(a statement that writes under spark.strata.sql.run.key would find the row to blame)"
          : TaskFailures.Partitions.super.told();
    }
  }

  private final SparkSession spark;
  private final Optional<LocalCluster> cluster;
  private final String application;
  private final TaskFailures failures;

  private SqlSession(SparkSession spark) {
    this.spark = spark;
    SparkContext context = spark.sparkContext();
    this.application = context.applicationId();
    this.cluster = LocalCluster.of(context.master());
    cluster.ifPresent(folders -> folders.enter(application));
    this.failures = TaskFailures.watch(context, new Journals(context));
  }

  /**
   * Starts it.
   *
   * @param settings the submitted ones and those of the command line
   * @throws dev.strata.udfs.api.StrataException if Spark does not start
   */
  public static SqlSession start(String name, Map<String, String> settings) {
    return new SqlSession(Sessions.start(name, TaskFailures.settings(settings)));
  }

  public SparkSession spark() {
    return spark;
  }

  /**
   * To be called where a statement failed.
   *
   * @throws SparkException if a task failed too often, which is then the reason
   */
  public void requireFew() throws SparkException {
    failures.requireFew();
  }

  @Override
  public void close() {
    failures.close();
    spark.stop();
    cluster.ifPresent(folders -> folders.leave(application));
  }
}
