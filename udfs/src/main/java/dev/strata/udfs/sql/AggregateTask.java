package dev.strata.udfs.sql;

import dev.strata.udfs.spark.ErrorLimit;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.InterpretedOrdering;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.util.TaskCompletionListener;
import scala.collection.immutable.Seq;

/** What is sent to executors for an {@link AskAggregateExec}: called once for each partition. */
final class AggregateTask
    implements Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> {

  private static final long serialVersionUID = 1L;

  /** A call as executors have it. */
  record Call(String function, OnError onError, AggregatePrompts prompts) implements Serializable {}

  private final List<Call> calls;
  private final Seq<SortOrder> keys;
  private final Seq<Expression> texts;
  private final int textTokens;
  private final AskedPart part;

  /**
   * @param texts one for each call
   * @param textTokens the most tokens of texts in a prompt
   */
  AggregateTask(
      List<Call> calls,
      Seq<SortOrder> keys,
      Seq<Expression> texts,
      int textTokens,
      AskedPart part) {
    this.calls = calls;
    this.keys = keys;
    this.texts = texts;
    this.textTokens = textTokens;
    this.part = part;
  }

  @Override
  public Iterator<InternalRow> call(Integer partition, Iterator<InternalRow> rows) {
    ErrorLimit errors = part.allowed().inPartition(partition);
    if (!rows.hasNext()) {
      errors.end();
      return Collections.emptyIterator();
    }
    TextLevels levels =
        new TextLevels(
            part.task().inPartition(partition).session(),
            calls.stream().map(Call::prompts).toList(),
            textTokens,
            part.metrics());
    whenEnded(levels);
    DataType[] inputTypes = part.inputTypes();
    RowSpool spool = new RowSpool();
    whenEnded(spool);
    GroupReader reader =
        new GroupReader(
            new InterpretedOrdering(keys, part.input()),
            UnsafeProjection.create(texts, part.input()),
            UnsafeProjection.create(inputTypes),
            levels,
            spool);
    rows.forEachRemaining(reader::read);
    reader.end();
    levels.ask();
    return new GroupedRows(
        calls,
        levels,
        spool,
        inputTypes.length,
        UnsafeProjection.create(part.outputTypes()),
        errors,
        part.metrics());
  }

  private static void whenEnded(AutoCloseable held) {
    TaskCompletionListener listener =
        context -> {
          try {
            held.close();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };
    TaskContext.get().addTaskCompletionListener(listener);
  }
}
