package dev.strata.job.openai;

/** Why one request cannot be answered. */
final class RequestException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String code;
  private final String parameter;

  /**
   * @param code a word for programs
   * @param parameter the body's parameter that is wrong; null if the line itself is
   * @param message one sentence
   */
  RequestException(String code, String parameter, String message) {
    super(message);
    this.code = code;
    this.parameter = parameter;
  }

  String code() {
    return code;
  }

  String parameter() {
    return parameter;
  }
}
