package dev.strata.udfs.sql;

import dev.strata.udfs.spark.TokenCounter;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Rows whose calls count tokens, one after another. */
record CountedRows(Iterator<InternalRow> rows, CallRows calls, TokenCounter counter)
    implements Iterator<InternalRow> {

  @Override
  public boolean hasNext() {
    boolean isMore = rows.hasNext();
    if (!isMore) {
      calls.requireFewErrors();
    }
    return isMore;
  }

  @Override
  public InternalRow next() {
    return calls.counted(rows.next(), counter);
  }
}
