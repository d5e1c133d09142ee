package dev.strata.job.dataset;

/** What others' exceptions say, for a person. */
public final class Messages {

  private Messages() {}

  /** The first line of an exception's message, or its class where it has none. */
  public static String firstLine(Throwable e) {
    String message = e.getMessage();
    return message == null || message.isBlank()
        ? e.getClass().getSimpleName()
        : message.strip().lines().findFirst().orElseThrow();
  }
}
