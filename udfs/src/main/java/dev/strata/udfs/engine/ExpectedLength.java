package dev.strata.udfs.engine;

/**
 * How many tokens a completion is going to have: the mean of those that ended and one standard
 * deviation, never more than the row's allowance. Rows that end early are seen first, so the guess
 * starts low and is mended as others end; a row that outgrows it gets more room or waits.
 */
final class ExpectedLength {

  /** Before anything has ended: most rows stop well before their allowance. */
  private static final double FIRST_GUESS = 0.5;

  private long count;
  private double mean;
  private double squares;

  /** Takes note of a completion's tokens. */
  void ended(int tokens) {
    count++;
    double distance = tokens - mean;
    mean += distance / count;
    squares += distance * (tokens - mean);
  }

  /** The tokens to make room for, from 1 to {@code allowance}. */
  int of(int allowance) {
    double guess = count == 0 ? FIRST_GUESS * allowance : mean + Math.sqrt(squares / count);
    return (int) Math.max(1, Math.min(allowance, Math.ceil(guess)));
  }
}
