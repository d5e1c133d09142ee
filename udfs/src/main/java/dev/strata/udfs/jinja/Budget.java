package dev.strata.udfs.jinja;

/** What one render has used of its limits, and the line it is at. */
final class Budget {
  private static final long STEPS_PER_CLOCK_CHECK = 1024;
  private static final long CHARS_PER_STEP = 16;

  private final Limits limits;
  private final long start = System.nanoTime();
  private long steps;
  private long nextClockCheck = STEPS_PER_CLOCK_CHECK;
  private long written;
  private int depth;
  private int line = 1;

  Budget(Limits limits) {
    this.limits = limits;
  }

  int line() {
    return line;
  }

  /** Reports that a node of the given line is evaluated. */
  void step(int nodeLine) {
    line = nodeLine;
    spend(1);
  }

  void spend(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw new TemplateException("template exceeds " + limits.steps() + " steps");
    }
    if (steps >= nextClockCheck) {
      nextClockCheck = steps + STEPS_PER_CLOCK_CHECK;
      checkClock();
    }
  }

  private void checkClock() {
    if (System.nanoTime() - start > limits.time().toNanos()) {
      throw new TemplateException("template takes longer than " + limits.time().toMillis() + " ms");
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new TemplateException("rendering was interrupted");
    }
  }

  /** Reports a text of the given length before it is made. */
  void reserveChars(long length) {
    checkLength(length);
    spend(length / CHARS_PER_STEP);
  }

  void checkLength(long length) {
    if (length > limits.outputChars()) {
      throw new TemplateException("text exceeds " + limits.outputChars() + " characters");
    }
  }

  /** Appends to a text that is being made from parts. */
  void append(String part, StringBuilder text) {
    checkLength((long) text.length() + part.length());
    spend(1 + part.length() / CHARS_PER_STEP);
    text.append(part);
  }

  /** Reports a list of the given size before it is made. */
  void reserveItems(long size) {
    spend(size);
  }

  void write(String text, StringBuilder output) {
    written += text.length();
    if (written > limits.outputChars()) {
      throw new TemplateException("output exceeds " + limits.outputChars() + " characters");
    }
    output.append(text);
  }

  /** Opens a level of recursion; {@link #leave} closes it. */
  void enter() {
    if (++depth > limits.recursion()) {
      throw new TemplateException("template recursion is deeper than " + limits.recursion());
    }
  }

  void leave() {
    depth--;
  }
}
