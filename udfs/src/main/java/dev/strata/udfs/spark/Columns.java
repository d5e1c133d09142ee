package dev.strata.udfs.spark;

import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.StructType;

/** The input's columns by name: as spelled, or else in any case, as Spark resolves them. */
final class Columns {

  private final List<String> names;

  Columns(StructType schema) {
    this.names = Arrays.asList(schema.fieldNames());
  }

  /**
   * Where a column is.
   *
   * @param use what wants it, for the message
   * @throws StrataException if there is none of that name
   */
  int require(String name, String use) {
    int index = find(name);
    if (index < 0) {
      throw StrataException.usage(
          "the input has no column '%s', which %s names; its columns are %s%s",
          name, use, String.join(", ", names), Nearest.hint(name, names));
    }
    return index;
  }

  private int find(String name) {
    int exact = names.indexOf(name);
    return exact >= 0
        ? exact
        : IntStream.range(0, names.size())
            .filter(i -> names.get(i).equalsIgnoreCase(name))
            .findFirst()
            .orElse(-1);
  }
}
