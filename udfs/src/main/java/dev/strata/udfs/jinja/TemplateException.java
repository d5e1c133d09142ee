package dev.strata.udfs.jinja;

/**
 * A template that cannot be parsed or rendered. The message ends with the line of the source,
 * except where the template itself refused its input through {@code raise_exception}: then it is
 * the template's message, unchanged.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int MAX_LENGTH = 10_000;

  private final int line;
  private final boolean raisedByTemplate;

  private TemplateException(String message, int line, boolean raisedByTemplate, Throwable cause) {
    super(shown(message), cause);
    this.line = line;
    this.raisedByTemplate = raisedByTemplate;
  }

  /** A message may quote a text of any length. */
  private static String shown(String message) {
    return message.length() <= MAX_LENGTH ? message : message.substring(0, MAX_LENGTH) + "…";
  }

  /** An error whose line is not known where it is found; {@link #atLine} adds it. */
  TemplateException(String message) {
    this(message, 0, false, null);
  }

  TemplateException(String message, int line) {
    this(message + " (line " + line + ")", line, false, null);
  }

  static TemplateException raised(String message) {
    return new TemplateException(message, 0, true, null);
  }

  /** The line of the template's source, counted from 1. */
  public int line() {
    return line;
  }

  /**
   * Whether the template called {@code raise_exception}, mostly to say that it cannot show such
   * messages.
   */
  public boolean raisedByTemplate() {
    return raisedByTemplate;
  }

  TemplateException atLine(int where) {
    if (line > 0) {
      return this;
    }
    String message = raisedByTemplate ? getMessage() : getMessage() + " (line " + where + ")";
    return new TemplateException(message, where, raisedByTemplate, this);
  }
}
