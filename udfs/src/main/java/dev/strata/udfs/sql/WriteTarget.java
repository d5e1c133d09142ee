package dev.strata.udfs.sql;

import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/**
 * What a query writes to, as a text that is the same when it is run again. Commands that write are
 * known by their names, since each kind of table has some of its own.
 */
final class WriteTarget {

  private static final Pattern WRITING =
      Pattern.compile(
          "(?!Cache|Explain).*"
              + "(Append|Overwrite|Insert|Save|Write|Merge|Update|Replace|AsSelect|CreateDelta).*");

  /** What of an operator's text belongs to one run: ids of columns and of objects. */
  private static final Pattern OF_ONE_RUN = Pattern.compile("#\\d+L?|@[0-9a-f]{4,}");

  private static final int MOST_FIELDS = 1000;

  private WriteTarget() {}

  /** Empty for a query that only reads. */
  static Optional<String> of(LogicalPlan query) {
    boolean writes =
        query instanceof Command && WRITING.matcher(query.getClass().getSimpleName()).matches();
    return writes ? Optional.of(described(query)) : Optional.empty();
  }

  private static String described(LogicalPlan command) {
    return OF_ONE_RUN.matcher(command.simpleString(MOST_FIELDS)).replaceAll("");
  }
}
