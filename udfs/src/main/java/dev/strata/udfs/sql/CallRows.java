package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.AnsweredRows;
import dev.strata.udfs.spark.AskedRow;
import dev.strata.udfs.spark.EngineTotals;
import dev.strata.udfs.spark.ErrorLimit;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.TokenCounter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.Platform;

/**
 * The rows of a node in a task: what each asks, and what it is with its results. A row waits as the
 * bytes of an {@link UnsafeRow}, after which stands how many questions each call has.
 */
final class CallRows implements AnsweredRows<InternalRow> {

  private final List<EvaluatedCall> calls;
  private final UnsafeProjection evaluation;
  private final UnsafeProjection packing;
  private final UnsafeProjection output;
  private final int inputColumns;
  private final ErrorLimit errors;
  private final AskMetrics metrics;
  private final JoinedRow joined = new JoinedRow();

  CallRows(
      List<EvaluatedCall> calls,
      UnsafeProjection evaluation,
      DataType[] inputTypes,
      DataType[] outputTypes,
      ErrorLimit errors,
      AskMetrics metrics) {
    this.calls = calls;
    this.evaluation = evaluation;
    this.packing = UnsafeProjection.create(inputTypes);
    this.output = UnsafeProjection.create(outputTypes);
    this.inputColumns = inputTypes.length;
    this.errors = errors;
    this.metrics = metrics;
  }

  /** What a row asks. The row's memory is its reader's, who uses it again. */
  AskedRow asked(InternalRow row) {
    InternalRow arguments = evaluation.apply(row);
    List<Question> questions = new ArrayList<>();
    int[] counts = new int[calls.size()];
    for (int i = 0; i < counts.length; i++) {
      List<Question> own = calls.get(i).questions(arguments);
      counts[i] = own.size();
      questions.addAll(own);
    }
    return new AskedRow(packed(row, counts), questions);
  }

  private byte[] packed(InternalRow row, int[] counts) {
    UnsafeRow values = row instanceof UnsafeRow unsafe ? unsafe : packing.apply(row);
    int head = counts.length * Integer.BYTES;
    // rows are read in words of eight bytes, which begin where the array does
    byte[] bytes = new byte[values.getSizeInBytes() + head];
    values.writeToMemory(bytes, Platform.BYTE_ARRAY_OFFSET);
    ByteBuffer.wrap(bytes, values.getSizeInBytes(), head).asIntBuffer().put(counts);
    return bytes;
  }

  @Override
  public InternalRow row(byte[] kept, List<Answer> answers) {
    int head = calls.size() * Integer.BYTES;
    int[] counts = new int[calls.size()];
    ByteBuffer.wrap(kept, kept.length - head, head).asIntBuffer().get(counts);
    Object[] results = new Object[counts.length];
    int from = 0;
    for (int i = 0; i < counts.length; i++) {
      results[i] = value(calls.get(i).result(answers.subList(from, from + counts[i])));
      from += counts[i];
    }
    UnsafeRow values = new UnsafeRow(inputColumns);
    values.pointTo(kept, kept.length - head);
    return joined(values, results);
  }

  /** A row whose calls count tokens. */
  InternalRow counted(InternalRow row, TokenCounter counter) {
    InternalRow arguments = evaluation.apply(row);
    return joined(
        row, calls.stream().map(call -> value(call.counted(arguments, counter))).toArray());
  }

  private Object value(EvaluatedCall.Result result) {
    errors.asked();
    if (result.error() != null) {
      metrics.failed().add(1L);
      errors.failed(result.error());
    }
    return result.value();
  }

  private InternalRow joined(InternalRow values, Object[] results) {
    metrics.rows().add(1L);
    return output.apply(joined.apply(values, new GenericInternalRow(results)));
  }

  /** Nothing of the partition follows. */
  @Override
  public void finished() {
    errors.end();
  }

  @Override
  public void worked(EngineTotals work) {
    metrics.add(work);
  }

  @Override
  public void closed(RowCounts counts, long asked) {
    metrics.add(counts, asked);
  }
}
