package dev.strata.udfs.api;

/**
 * What an engine plans its memory for.
 *
 * @param tokens of a row, prompt and completion together; 0 where that is unknown
 * @param areRead whether something is read of prompts and nothing generated, so that the keys and
 *     values of few are kept
 */
public record ExpectedRows(int tokens, boolean areRead) {

  /** Nothing is known. */
  public static final ExpectedRows ANY = new ExpectedRows(0, false);
}
