package dev.strata.udfs.sql;

import java.util.Optional;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Puts a query's files in their place as Spark does. Where the query has a journal, a mark there
 * says which files they are before there are any, so that the same query, run again, begins without
 * those that a killed one left.
 */
public final class MarkedCommit extends SQLHadoopMapReduceCommitProtocol {

  private static final String CLASS = "spark.sql.sources.commitProtocolClass";

  private static final long serialVersionUID = 1L;

  private final String job;
  private final String path;

  /**
   * As Spark makes it.
   *
   * @param job stands in the names of all files
   * @param path of the directory that they come to
   */
  public MarkedCommit(String job, String path, boolean dynamicPartitionOverwrite) {
    super(job, path, dynamicPartitionOverwrite);
    this.job = job;
    this.path = path;
  }

  /** Has a session's queries commit like this, unless somebody has chosen another way. */
  static void use(SparkSession session) {
    String chosen = session.conf().get(CLASS, SQLHadoopMapReduceCommitProtocol.class.getName());
    if (chosen.equals(SQLHadoopMapReduceCommitProtocol.class.getName())) {
      session.conf().set(CLASS, MarkedCommit.class.getName());
    }
  }

  @Override
  public void setupJob(JobContext context) {
    journal().ifPresent(journal -> journal.writes(path, job));
    super.setupJob(context);
  }

  @Override
  public void commitJob(JobContext context, Seq<FileCommitProtocol.TaskCommitMessage> tasks) {
    super.commitJob(context, tasks);
    journal().ifPresent(QueryJournal::hasWritten);
  }

  /** That of the query which writes on this thread, the driver's. */
  private static Optional<QueryJournal> journal() {
    Option<SparkSession> session = SparkSession.getActiveSession();
    return session.isEmpty()
        ? Optional.empty()
        : QueryJournals.running(session.get().sparkContext());
  }
}
