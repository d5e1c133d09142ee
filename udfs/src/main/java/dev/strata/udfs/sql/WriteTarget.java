package dev.strata.udfs.sql;

import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.InsertIntoHadoopFsRelationCommand;

/**
 * What a query writes to. Commands that write are known by their names, since each kind of table
 * has some of its own.
 *
 * @param text is the same when the query is run again
 * @param directory of files; null where there is none, or it is not known yet
 */
record WriteTarget(String text, String directory) {

  private static final Pattern WRITING =
      Pattern.compile(
          "(?!Cache|Explain).*"
              + "(Append|Overwrite|Insert|Save|Write|Merge|Update|Replace|AsSelect|CreateDelta).*");

  /** What of an operator's text belongs to one run: ids of columns and of objects. */
  private static final Pattern OF_ONE_RUN = Pattern.compile("#\\d+L?|@[0-9a-f]{4,}");

  private static final int MOST_FIELDS = 1000;

  /** Empty for a query that only reads. */
  static Optional<WriteTarget> of(LogicalPlan query) {
    boolean writes =
        query instanceof Command && WRITING.matcher(query.getClass().getSimpleName()).matches();
    return writes
        ? Optional.of(new WriteTarget(described(query), directory(query)))
        : Optional.empty();
  }

  private static String directory(LogicalPlan command) {
    return command instanceof InsertIntoHadoopFsRelationCommand files
        ? files.outputPath().toString()
        : null;
  }

  /** The same, with the directory of a part of it, where that is known. */
  WriteTarget in(Optional<WriteTarget> part) {
    return directory == null && part.isPresent()
        ? new WriteTarget(text, part.get().directory)
        : this;
  }

  private static String described(LogicalPlan command) {
    return OF_ONE_RUN.matcher(command.simpleString(MOST_FIELDS)).replaceAll("");
  }
}
