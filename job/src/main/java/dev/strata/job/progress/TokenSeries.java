package dev.strata.job.progress;

import dev.strata.job.report.TokenRates;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How the tokens of a run grew with time. However long the run, as few readings are kept as a
 * picture has room for: of too many, every other one is forgotten.
 */
final class TokenSeries {

  private static final int MOST_READINGS = 240;

  private record Reading(long nanos, long newTokens, long promptTokens) {}

  private final List<Reading> readings = new ArrayList<>();

  /** Begins with nothing. */
  TokenSeries(long nanos) {
    readings.add(new Reading(nanos, 0, 0));
  }

  /**
   * Takes a reading of all tokens so far. The first says when an engine was there; of the others
   * those count that are of more tokens than the last, since a sweep has its tokens at its end.
   */
  synchronized void read(long nanos, long newTokens, long promptTokens) {
    Reading last = readings.get(readings.size() - 1);
    boolean isFirst = readings.size() == 1;
    boolean isMore = newTokens + promptTokens > last.newTokens + last.promptTokens;
    if (nanos <= last.nanos || !(isFirst || isMore)) {
      return;
    }
    if (readings.size() == MOST_READINGS) {
      thin();
    }
    readings.add(new Reading(nanos, newTokens, promptTokens));
  }

  private void thin() {
    List<Reading> kept = new ArrayList<>();
    for (int i = 0; i < readings.size(); i += 2) {
      kept.add(readings.get(i));
    }
    readings.clear();
    readings.addAll(kept);
  }

  /**
   * Tokens per second in even steps from the beginning to the last reading. Between two readings
   * they are taken to have come evenly.
   */
  synchronized TokenRates rates() {
    int steps = readings.size() - 1;
    if (steps < 1) {
      return TokenRates.NONE;
    }
    long start = readings.get(0).nanos;
    double step = (double) (readings.get(readings.size() - 1).nanos - start) / steps;
    List<Double> newTokens = new ArrayList<>();
    List<Double> promptTokens = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      double from = start + i * step;
      newTokens.add(perSecond(from, from + step, Reading::newTokens));
      promptTokens.add(perSecond(from, from + step, Reading::promptTokens));
    }
    return new TokenRates(rounded(step / 1e9, 1000), newTokens, promptTokens);
  }

  private double perSecond(double from, double to, ToLongFunction<Reading> count) {
    return rounded((at(to, count) - at(from, count)) / ((to - from) / 1e9), 100);
  }

  private double at(double nanos, ToLongFunction<Reading> count) {
    for (int i = 1; i < readings.size(); i++) {
      Reading before = readings.get(i - 1);
      Reading next = readings.get(i);
      if (next.nanos >= nanos) {
        double part = (nanos - before.nanos) / (next.nanos - before.nanos);
        long less = count.applyAsLong(before);
        return less + part * (count.applyAsLong(next) - less);
      }
    }
    return count.applyAsLong(readings.get(readings.size() - 1));
  }

  private static double rounded(double value, int parts) {
    return (double) Math.round(value * parts) / parts;
  }
}
