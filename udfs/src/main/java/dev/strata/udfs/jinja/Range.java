package dev.strata.udfs.jinja;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.stream.LongStream;

/** Python's range: integers that are counted, not stored. */
final class Range extends AbstractCollection<Object> {
  private static final long MAX_SIZE = 100_000;

  private final long start;
  private final long stop;
  private final long step;

  private Range(long start, long stop, long step) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  static Range of(Arguments arguments) {
    Arguments.Bound bound = arguments.bind("range", 1, "/start", "/stop", "/step");
    boolean single = !bound.given().get(1);
    long start = single ? 0 : bound.integer(0, 0);
    long stop = single ? bound.integer(0, 0) : bound.integer(1, 0);
    long step = bound.integer(2, 1);
    if (step == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
    Range range = new Range(start, stop, step);
    if (range.count() > MAX_SIZE) {
      throw new TemplateException(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_SIZE + ").");
    }
    return range;
  }

  private double count() {
    return Math.max(0, Math.ceil(((double) stop - start) / step));
  }

  long get(long index) {
    return start + index * step;
  }

  Range slice(SliceBounds.Indices indices) {
    return new Range(get(indices.start()), get(indices.stop()), step * indices.step());
  }

  @Override
  public Iterator<Object> iterator() {
    return LongStream.range(0, size()).<Object>mapToObj(this::get).iterator();
  }

  @Override
  public int size() {
    return (int) count();
  }

  @Override
  public String toString() {
    String bounds = start + ", " + stop;
    return "range(" + (step == 1 ? bounds : bounds + ", " + step) + ")";
  }
}
