package dev.strata.udfs.sql;

import dev.strata.udfs.spark.ErrorLimit;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.types.UTF8String;

/** The rows of a partition as they were read, the first of each group with its results. */
final class GroupedRows implements Iterator<InternalRow> {

  private final List<AggregateTask.Call> calls;
  private final List<GroupResults> results;
  private final Iterator<RowSpool.Entry> rows;
  private final UnsafeRow row;
  private final UnsafeProjection output;
  private final ErrorLimit errors;
  private final AskMetrics metrics;
  private final JoinedRow joined = new JoinedRow();
  private long group = -1;
  private boolean finished;

  GroupedRows(
      List<AggregateTask.Call> calls,
      TextLevels levels,
      RowSpool rows,
      int columns,
      UnsafeProjection output,
      ErrorLimit errors,
      AskMetrics metrics) {
    this.calls = calls;
    this.results = IntStream.range(0, calls.size()).mapToObj(levels::results).toList();
    this.rows = rows.read();
    this.row = new UnsafeRow(columns);
    this.output = output;
    this.errors = errors;
    this.metrics = metrics;
  }

  @Override
  public boolean hasNext() {
    boolean isMore = rows.hasNext();
    if (!isMore && !finished) {
      finished = true;
      errors.end();
    }
    return isMore;
  }

  @Override
  public InternalRow next() {
    RowSpool.Entry entry = rows.next();
    Object[] values = new Object[calls.size()];
    if (entry.group() != group) {
      group = entry.group();
      for (int call = 0; call < values.length; call++) {
        values[call] = value(calls.get(call), results.get(call).of(group));
      }
    }
    row.pointTo(entry.bytes(), entry.bytes().length);
    metrics.rows().add(1L);
    return output.apply(joined.apply(row, new GenericInternalRow(values)));
  }

  /** NULL of a group without texts. */
  private Object value(AggregateTask.Call call, RowSpool.Entry result) {
    if (result == null) {
      return null;
    }
    boolean isFailed = result.kind() == TextLevels.ERROR;
    String text = new String(result.bytes(), StandardCharsets.UTF_8);
    errors.asked();
    if (!isFailed) {
      return call.onError().result(UTF8String.fromString(text));
    }
    metrics.failed().add(1L);
    errors.failed(text);
    return call.onError().failed(call.function(), text);
  }
}
