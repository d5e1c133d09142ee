package dev.strata.job.run;

import java.util.function.Supplier;

/** A value that is worked out when somebody first asks for it. */
final class Once<T> implements Supplier<T> {

  private final Supplier<T> source;
  private T value; // null until then

  Once(Supplier<T> source) {
    this.source = source;
  }

  @Override
  public synchronized T get() {
    if (value == null) {
      value = source.get();
    }
    return value;
  }
}
