package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.execution.command.CreateDataSourceTableAsSelectCommand;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * The files of a table that a statement was making when its application was killed. Spark makes no
 * table where files are, so that the same statement could not be run again.
 */
final class UnfinishedTable {

  private static final Logger LOG = LoggerFactory.getLogger(UnfinishedTable.class);

  /** Where Spark's writers keep files until all are there; then they are moved beside it. */
  private static final String FOLDER = "_temporary";

  private UnfinishedTable() {}

  /**
   * Clears them away, where the statement continues under its key. What is in a table that is there
   * already, to which such a statement may add, is somebody's.
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
      if (files.exists(new Path(directory, FOLDER)) && isAlone(files, directory)) {
        files.delete(directory, true);
        LOG.warn("what a query that was killed left unfinished in {} is cleared away", directory);
      }
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "what a query that was killed left unfinished in %s cannot be cleared away: %s; remove it"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  /** Whether nothing is there but what the writer put there. */
  private static boolean isAlone(FileSystem files, Path directory) throws IOException {
    List<String> names =
        Arrays.stream(files.listStatus(directory))
            .map(FileStatus::getPath)
            .map(Path::getName)
            .toList();
    return names.stream().allMatch(name -> name.equals(FOLDER) || name.startsWith("part-"));
  }
}
