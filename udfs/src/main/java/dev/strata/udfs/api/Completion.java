package dev.strata.udfs.api;

/**
 * What one row gets.
 *
 * @param text the generated text without stop token and stop string, or null where there is an
 *     error
 * @param finishReason why generation ended
 * @param promptTokens tokens of the rendered prompt, 0 if it could not be rendered
 * @param completionTokens tokens generated, a stop token included
 * @param error one sentence, or null
 */
public record Completion(
    String text, FinishReason finishReason, int promptTokens, int completionTokens, String error) {

  /** A row that failed before or while it was generated. */
  public static Completion failed(String error, int promptTokens) {
    return new Completion(null, FinishReason.ERROR, promptTokens, 0, error);
  }
}
