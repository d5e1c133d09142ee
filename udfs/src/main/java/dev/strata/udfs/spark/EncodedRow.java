package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import org.apache.spark.sql.Row;

/** A row with its tokens, or with the error that it has instead. */
final class EncodedRow {

  private final Row row;
  private final RowAsk ask;
  private final SamplingOptions own;
  private final int[] tokens;
  private final RowException error;

  private EncodedRow(Row row, RowAsk ask, SamplingOptions own, int[] tokens, RowException error) {
    this.row = row;
    this.ask = ask;
    this.own = own;
    this.tokens = tokens;
    this.error = error;
  }

  static EncodedRow of(Row row, RowAsk ask, SamplingOptions own, int[] tokens) {
    return new EncodedRow(row, ask, own, tokens, null);
  }

  static EncodedRow failed(Row row, RowException error) {
    return new EncodedRow(row, null, null, null, error);
  }

  Row row() {
    return row;
  }

  /** Why there are no tokens, or null if there are. */
  RowException error() {
    return error;
  }

  RowAsk ask() {
    return ask;
  }

  /** How the row's tokens are chosen. */
  SamplingOptions own() {
    return own;
  }

  int[] tokens() {
    return tokens;
  }
}
