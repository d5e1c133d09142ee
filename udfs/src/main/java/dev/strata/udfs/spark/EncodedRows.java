package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.text.RenderedPrompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;

/**
 * Rows with their tokens, which are made for several rows at once: the tokenizer shares them among
 * the machine's cores. Rows are read when they are asked for, on the thread that asks. At first
 * each is given out before the next is read, and again when the input was slow, so that no row
 * waits long for those behind it.
 */
final class EncodedRows {

  /** The most rows that are read before the first of them is given out. */
  static final int MOST_ROWS = 64;

  /** No further row is read once the prompts of those that were have as many chars. */
  private static final long MOST_CHARS = 256 << 10;

  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Iterator<Row> input;
  private final RowPrompts prompts;
  private final RowEncoder encoder;
  private final SamplingOptions sampling;
  private final Deque<EncodedRow> ready = new ArrayDeque<>();
  private int batchRows = 1;

  /**
   * @param sampling the options of rows that bring none of their own
   */
  EncodedRows(
      Iterator<Row> input, RowPrompts prompts, RowEncoder encoder, SamplingOptions sampling) {
    this.input = input;
    this.prompts = prompts;
    this.encoder = encoder;
    this.sampling = sampling;
  }

  boolean hasNext() {
    return !ready.isEmpty() || input.hasNext();
  }

  /**
   * The next row.
   *
   * @param most how many rows may be read from the input for it, at least 1
   */
  EncodedRow next(int most) {
    if (ready.isEmpty()) {
      read(Math.min(most, batchRows));
    }
    return ready.remove();
  }

  private void read(int most) {
    long start = System.nanoTime();
    List<Asked> rows = new ArrayList<>();
    long chars = 0;
    do {
      Asked asked = ask(input.next());
      rows.add(asked);
      chars += asked.rendered() == null ? MOST_CHARS : asked.rendered().text().length();
    } while (rows.size() < most && chars < MOST_CHARS && !isSlow(start) && input.hasNext());
    batchRows = isSlow(start) ? 1 : Math.min(2 * batchRows, MOST_ROWS);
    encode(rows);
  }

  private static boolean isSlow(long start) {
    return System.nanoTime() - start > SLOW_NANOS;
  }

  /**
   * A row that was read.
   *
   * @param rendered null where its tokens have to be made alone
   */
  private record Asked(
      Row row, RowAsk ask, SamplingOptions own, RenderedPrompt rendered, RowException error) {}

  private Asked ask(Row row) {
    RowAsk ask = new RowAsk(prompts, row);
    try {
      SamplingOptions own = ask.sampling(sampling);
      return new Asked(row, ask, own, encoder.rendered(ask, own.maxNewTokens()), null);
    } catch (RowException e) {
      return new Asked(row, ask, null, null, e);
    }
  }

  private void encode(List<Asked> rows) {
    List<int[]> tokens = encoder.encodeAll(rows.stream().map(Asked::rendered).toList());
    for (int i = 0; i < rows.size(); i++) {
      ready.add(encoded(rows.get(i), tokens.get(i)));
    }
  }

  private EncodedRow encoded(Asked asked, int[] tokens) {
    if (asked.error() != null) {
      return EncodedRow.failed(asked.row(), asked.error());
    }
    try {
      int newTokens = asked.own().maxNewTokens();
      int[] right =
          encoder.isRight(tokens, newTokens) ? tokens : encoder.encode(asked.ask(), newTokens);
      return EncodedRow.of(asked.row(), asked.ask(), asked.own(), right);
    } catch (RowException e) {
      return EncodedRow.failed(asked.row(), e);
    }
  }
}
