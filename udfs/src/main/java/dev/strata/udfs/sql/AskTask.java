package dev.strata.udfs.sql;

import dev.strata.udfs.spark.AskedRows;
import dev.strata.udfs.spark.ErrorLimit;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import scala.collection.immutable.Seq;

/** What is sent to executors for a node: called once for each partition. */
final class AskTask implements Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> {

  private static final long serialVersionUID = 1L;

  private final List<EvaluatedCall> calls;
  private final Seq<Expression> arguments;
  private final AskedPart part;
  private final boolean inOrder;

  /**
   * @param arguments those of all calls, one call after another
   * @param inOrder whether rows come out as they came in, or else as they finish
   */
  AskTask(List<EvaluatedCall> calls, Seq<Expression> arguments, AskedPart part, boolean inOrder) {
    this.calls = calls;
    this.arguments = arguments;
    this.part = part;
    this.inOrder = inOrder;
  }

  @Override
  public Iterator<InternalRow> call(Integer partition, Iterator<InternalRow> rows) {
    ErrorLimit errors = part.allowed().inPartition(partition);
    if (!rows.hasNext()) {
      errors.end();
      return Collections.emptyIterator();
    }
    UnsafeProjection evaluation = UnsafeProjection.create(arguments, part.input());
    evaluation.initialize(partition);
    CallRows callRows =
        new CallRows(
            calls, evaluation, part.inputTypes(), part.outputTypes(), errors, part.metrics());
    return calls.get(0).task() == null
        ? new CountedRows(rows, callRows, part.task().tokenCounter())
        : part.task()
            .inPartition(partition)
            .run(new AskedRows<>(rows, callRows::asked), callRows, inOrder);
  }
}
