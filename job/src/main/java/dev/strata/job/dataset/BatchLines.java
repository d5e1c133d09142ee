package dev.strata.job.dataset;

import dev.strata.job.openai.Endpoint;
import dev.strata.job.openai.Refusal;
import dev.strata.job.openai.ResponseLine;
import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Makes a line of the answer from a completed request, or hands on the line that an earlier run
 * made of it, where the rows have a column of those.
 */
final class BatchLines implements MapFunction<Row, Row> {

  static final StructType SCHEMA =
      StructType.fromDDL("failed BOOLEAN, position BIGINT, value STRING");

  /** The column with lines of an earlier run; null in the rows of this one. */
  static final String EARLIER = "earlier_line";

  private static final long serialVersionUID = 1L;

  private final StructType schema;
  private final ResponseLine format;
  private final boolean hasEarlier;

  /**
   * @param schema that of the completed requests, whose rows may not know it
   */
  BatchLines(StructType schema, ResponseLine format) {
    this.schema = schema;
    this.format = format;
    this.hasEarlier = Arrays.asList(schema.fieldNames()).contains(EARLIER);
  }

  @Override
  public Row call(Row row) {
    long position = number(row, "position");
    if (hasEarlier && text(row, EARLIER) != null) {
      return RowFactory.create(false, position, text(row, EARLIER));
    }
    String error = text(row, "error");
    String line =
        format.format(
            text(row, "custom_id"),
            endpoint(row),
            text(row, "model"),
            refusal(row, error),
            number(row, "line"),
            position,
            completion(row, error));
    return RowFactory.create(error != null, position, line);
  }

  private Endpoint endpoint(Row row) {
    String name = text(row, "endpoint");
    return name == null ? null : Endpoint.valueOf(name);
  }

  private Refusal refusal(Row row, String error) {
    String code = text(row, "refusal_code");
    return code == null ? null : new Refusal(code, text(row, "refusal_parameter"), error);
  }

  private Completion completion(Row row, String error) {
    String reason = text(row, "finish_reason").toUpperCase(Locale.ROOT);
    return new Completion(
        text(row, "completion"),
        FinishReason.valueOf(reason),
        (int) number(row, "prompt_tokens"),
        (int) number(row, "completion_tokens"),
        error);
  }

  private String text(Row row, String column) {
    return row.getString(schema.fieldIndex(column));
  }

  private long number(Row row, String column) {
    return ((Number) row.get(schema.fieldIndex(column))).longValue();
  }
}
