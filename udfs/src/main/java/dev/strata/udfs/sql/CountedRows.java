package dev.strata.udfs.sql;

import dev.strata.udfs.spark.TokenCounter;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Rows whose calls count tokens, one after another. */
final class CountedRows implements Iterator<InternalRow> {

  private final Iterator<InternalRow> rows;
  private final CallRows calls;
  private final TokenCounter counter;
  private boolean finished;

  CountedRows(Iterator<InternalRow> rows, CallRows calls, TokenCounter counter) {
    this.rows = rows;
    this.calls = calls;
    this.counter = counter;
  }

  @Override
  public boolean hasNext() {
    boolean isMore = rows.hasNext();
    if (!isMore && !finished) {
      finished = true;
      calls.finished();
    }
    return isMore;
  }

  @Override
  public InternalRow next() {
    return calls.counted(rows.next(), counter);
  }
}
