package dev.strata.udfs.jinja;

/** A text that is being made piece by piece, within the limits of the thread's render. */
final class MeteredText {
  private final Budget budget;
  private final StringBuilder text = new StringBuilder();

  MeteredText(Budget budget) {
    this.budget = budget;
  }

  MeteredText append(String part) {
    budget.checkLength((long) text.length() + part.length());
    budget.work(1L + part.length());
    text.append(part);
    return this;
  }

  /** Appends a part of a text. */
  MeteredText append(String source, int begin, int end) {
    budget.checkLength((long) text.length() + end - begin);
    budget.work(1L + end - begin);
    text.append(source, begin, end);
    return this;
  }

  MeteredText append(char c) {
    budget.checkLength(text.length() + 1L);
    budget.work(1);
    text.append(c);
    return this;
  }

  MeteredText appendCodePoint(int code) {
    budget.checkLength(text.length() + 1L);
    budget.work(1);
    text.appendCodePoint(code);
    return this;
  }

  int length() {
    return text.length();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
