package dev.strata.udfs.live;

import java.util.ArrayList;
import java.util.List;

/**
 * A figure in the course of time, at even steps. Where steps become too many, every second one is
 * left out from then on.
 *
 * @param last when the last value was, in milliseconds since 1970
 * @param step the least milliseconds between two values
 */
record Series(long last, long step, List<Double> values) {

  /** Nothing yet. */
  static final Series NONE = new Series(0, 1000, List.of());

  private static final int MOST = 120;

  Series {
    values = List.copyOf(values);
  }

  /** The same with a value, unless it comes too early for the next step. */
  Series with(long time, double value) {
    if (time - last < step) {
      return this;
    }
    List<Double> more = new ArrayList<>(values);
    more.add(value);
    if (more.size() <= MOST) {
      return new Series(time, step, more);
    }
    List<Double> halved = new ArrayList<>();
    for (int i = 0; i < more.size(); i += 2) {
      halved.add(more.get(i));
    }
    return new Series(time, 2 * step, halved);
  }

  double[] array() {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
