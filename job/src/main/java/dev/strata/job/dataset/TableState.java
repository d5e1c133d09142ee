package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What there is of a table that is an output, as somebody finds it who changes nothing.
 *
 * @param rows that are there; empty if there is no table
 * @param remains other tables, which a run made that replaces it or was killed, with what becomes
 *     of them, by name
 */
public record TableState(Optional<Dataset<Row>> rows, Map<String, String> remains) {

  /**
   * Looks at a table.
   *
   * @throws StrataException if one cannot know
   */
  public static TableState of(SparkSession session, String name) {
    try {
      CatalogTable table = CatalogTable.of(session, name);
      boolean isThere = table.exists();
      Map<String, String> remains = new LinkedHashMap<>();
      for (CatalogTable other : table.replacements()) {
        remains.put(
            other.sqlName(),
            !isThere && other.isSetAside()
                ? "its rows, which a run that was killed had put aside; rename it to " + name
                : "of a run that replaces it; if none does, it was killed: drop that table");
      }
      return new TableState(
          isThere ? Optional.of(session.table(table.sqlName())) : Optional.empty(), remains);
    } catch (StrataException e) {
      throw e;
    } catch (Exception | LinkageError e) { // the latter of a catalog for another Spark
      throw DataErrors.status("the table " + name, e);
    }
  }
}
