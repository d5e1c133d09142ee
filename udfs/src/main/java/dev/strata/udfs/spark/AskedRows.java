package dev.strata.udfs.spark;

import java.util.Iterator;
import java.util.function.Function;

/**
 * Rows with what they ask. Each is read when it is asked for.
 *
 * @param ask what a row asks
 */
public record AskedRows<R>(Iterator<R> rows, Function<R, AskedRow> ask)
    implements Iterator<AskedRow> {

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public AskedRow next() {
    return ask.apply(rows.next());
  }
}
