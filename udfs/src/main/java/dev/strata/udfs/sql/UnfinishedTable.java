package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.execution.command.CreateDataSourceTableAsSelectCommand;
import scala.Option;

/**
 * The directory of a table that a statement was making when its application was killed. Spark makes
 * no table where anything is, so that the same statement could not be run again.
 */
final class UnfinishedTable {

  /** What Spark's writers leave at the end. */
  private static final String DONE = "_SUCCESS";

  private UnfinishedTable() {}

  /**
   * Clears it away with its {@link UnfinishedFiles}, where the statement continues under its key.
   * What else is in it is somebody's, and so is a table that is there already, to which such a
   * statement may add.
   */
  static void clear(SparkSession session, CreateDataSourceTableAsSelectCommand statement) {
    if (catalog(session).tableExists(statement.table().identifier())) {
      return;
    }
    QueryJournals.current(session, AskOptions.session())
        .filter(QueryJournal::continuesAnother)
        .ifPresent(
            journal ->
                clear(
                    session.sparkContext().hadoopConfiguration(),
                    new Path(location(session, statement.table()))));
  }

  private static URI location(SparkSession session, CatalogTable table) {
    Option<URI> named = table.storage().locationUri();
    return named.isDefined() ? named.get() : catalog(session).defaultTablePath(table.identifier());
  }

  private static SessionCatalog catalog(SparkSession session) {
    return ((org.apache.spark.sql.classic.SparkSession) session).sessionState().catalog();
  }

  static void clear(Configuration hadoop, Path directory) {
    try {
      FileSystem files = directory.getFileSystem(hadoop);
      if (files.exists(directory) && isEmpty(files, directory)) {
        files.delete(directory, true);
      }
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "what a query that was killed left unfinished in %s cannot be cleared away: %s; remove it"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  /** Whether nothing is there but directories, and the word that all was well. */
  private static boolean isEmpty(FileSystem files, Path directory) throws IOException {
    RemoteIterator<LocatedFileStatus> all = files.listFiles(directory, true);
    while (all.hasNext()) {
      if (!all.next().getPath().getName().equals(DONE)) {
        return false;
      }
    }
    return true;
  }
}
