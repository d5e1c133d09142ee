package dev.strata.job.dataset;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.is_valid_utf8;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.Map;
import org.apache.spark.sql.Column;

/** Lines of JSON that hold no object: rows whose only value is the reason. */
final class BrokenLines {

  private static final String NAME = "columnNameOfCorruptRecord";
  private static final int SHOWN_CHARS = 60;
  private static final String NO_OBJECT = "the line is not a JSON object";

  private BrokenLines() {}

  /**
   * The input with the column in which Spark keeps such lines as the rows' error, if there are any
   * and the user has not given that column a name to have it as it is.
   */
  static Input marked(Input input, Map<String, String> options) {
    String column = input.rows().sparkSession().conf().get("spark.sql." + NAME, "_corrupt_record");
    boolean isAsked = options.keySet().stream().anyMatch(NAME::equalsIgnoreCase);
    if (isAsked || !Arrays.asList(input.rows().columns()).contains(column)) {
      return input;
    }
    return new Input(
        input.rows().withColumn(column, reason(col("`" + column + "`"))),
        input.format(),
        input.paths(),
        input.table(),
        column);
  }

  /** Whether an output's error is the reason why a line was no row. */
  static Column isReason(Column error) {
    return error.startsWith(NO_OBJECT);
  }

  private static Column reason(Column line) {
    Column what =
        when(
                not(is_valid_utf8(line)),
                lit(
                    NO_OBJECT
                        + " in UTF-8 (if it is in another encoding, set"
                        + " --input-options encoding=...): "))
            .otherwise(lit(NO_OBJECT + ": "));
    return when(line.isNotNull(), concat(what, substring(line, 1, SHOWN_CHARS)));
  }
}
