package dev.strata.udfs.jinja;

/**
 * What one render has used of its limits, and the line it is at. Whatever can run long reports to
 * it: what is made counts as steps, which are bounded, and what is only looked at counts as work,
 * which makes the clock be looked at.
 */
final class Budget {
  private static final long WORK_PER_CLOCK_CHECK = 1 << 14;
  private static final long WORK_PER_STEP = 16;
  private static final long CHARS_PER_STEP = 16;

  /** Of the render that this thread is in: values have to report where Java's collections call. */
  private static final ThreadLocal<Budget> CURRENT = new ThreadLocal<>();

  private final Limits limits;
  private final long start = System.nanoTime();
  private long steps;
  private long workBeforeCheck = WORK_PER_CLOCK_CHECK;
  private long written;
  private int depth;
  private int line = 1;

  Budget(Limits limits) {
    this.limits = limits;
  }

  /** Makes this the budget of the thread's render, until {@link #endRender}. */
  void beginRender() {
    CURRENT.set(this);
  }

  static void endRender() {
    CURRENT.remove();
  }

  /** Reports work of the thread's render; nothing where there is none, as in a parse. */
  static void report(long work) {
    Budget budget = CURRENT.get();
    if (budget != null) {
      budget.work(work);
    }
  }

  /** Reports an element that is added to a list. */
  static void reportItem() {
    Budget budget = CURRENT.get();
    if (budget != null) {
      budget.spend(1);
    }
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
    work(count * WORK_PER_STEP);
  }

  /** Reports that so many characters, elements or digits are looked at. */
  void work(long amount) {
    workBeforeCheck -= amount;
    if (workBeforeCheck <= 0) {
      workBeforeCheck = WORK_PER_CLOCK_CHECK;
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

  /** Reports a value that an operation looks at from end to end. */
  void read(Object value) {
    Object plain = Values.unwrap(value);
    if (plain instanceof String text) {
      work(text.length());
    }
  }

  /** Reports what an operation on a value has made, unless that is the value itself. */
  Object made(Object result, Object operand) {
    Object plain = Values.unwrap(result);
    if (plain instanceof String text && !isSame(text, Values.unwrap(operand))) {
      reserveChars(text.length());
    }
    return result;
  }

  @SuppressWarnings(
      "ReferenceEquality") // an equal text that is another one takes memory of its own
  private static boolean isSame(Object left, Object right) {
    return left == right;
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
