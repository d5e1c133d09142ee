package dev.strata.udfs.sql;

import dev.strata.udfs.spark.AskedRows;
import dev.strata.udfs.spark.PartitionTask;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.Seq;

/** What is sent to executors for a node: called once for each partition. */
final class AskTask implements Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> {

  private static final long serialVersionUID = 1L;

  private final List<EvaluatedCall> calls;
  private final Seq<Expression> arguments;
  private final Seq<Attribute> input;
  private final DataType[] inputTypes;
  private final DataType[] outputTypes;
  private final PartitionTask task;
  private final ErrorLimit.Allowed allowed;
  private final AskMetrics metrics;

  /**
   * @param arguments those of all calls, one call after another
   */
  AskTask(
      List<EvaluatedCall> calls,
      Seq<Expression> arguments,
      Seq<Attribute> input,
      DataType[] inputTypes,
      DataType[] outputTypes,
      PartitionTask task,
      ErrorLimit.Allowed allowed,
      AskMetrics metrics) {
    this.calls = calls;
    this.arguments = arguments;
    this.input = input;
    this.inputTypes = inputTypes;
    this.outputTypes = outputTypes;
    this.task = task;
    this.allowed = allowed;
    this.metrics = metrics;
  }

  @Override
  public Iterator<InternalRow> call(Integer partition, Iterator<InternalRow> rows) {
    ErrorLimit errors = allowed.inPartition(partition, metrics.failed());
    if (!rows.hasNext()) {
      errors.end();
      return Collections.emptyIterator();
    }
    UnsafeProjection evaluation = UnsafeProjection.create(arguments, input);
    evaluation.initialize(partition);
    CallRows callRows = new CallRows(calls, evaluation, inputTypes, outputTypes, errors, metrics);
    return calls.get(0).task() == null
        ? new CountedRows(rows, callRows, task.tokenCounter())
        : task.run(new AskedRows<>(rows, callRows::asked), callRows, true);
  }
}
