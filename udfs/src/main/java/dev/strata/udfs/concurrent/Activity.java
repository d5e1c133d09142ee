package dev.strata.udfs.concurrent;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What work is at, for somebody who looks from another thread whether it stands still. One thread
 * says what it begins; any may say that something got done.
 */
public final class Activity {

  /** What is done, and to what: either may be told a person. */
  private record Step(Object what, Object object) {
    @Override
    public String toString() {
      return object == null ? what.toString() : what + " " + object;
    }
  }

  private final AtomicLong done = new AtomicLong();
  private volatile Step step; // null where there is nothing to do

  /** A step begins, and the one before is done. */
  public void begins(Object what) {
    begins(what, null);
  }

  /**
   * The same.
   *
   * @param object what it is done to, or null
   */
  public void begins(Object what, Object object) {
    step = new Step(what, object);
    done.incrementAndGet();
  }

  /** A part of something got done. */
  public void advances() {
    done.incrementAndGet();
  }

  /** There is nothing to do before somebody else has done something. */
  public void rests() {
    step = null;
  }

  public boolean isResting() {
    return step == null;
  }

  /** A count that grows with all that gets done. */
  public long done() {
    return done.get();
  }

  /** What is being done, or null. */
  public Object what() {
    Step now = step;
    return now == null ? null : now.what();
  }

  @Override
  public String toString() {
    Step now = step;
    return now == null ? "rests" : now.toString();
  }
}
