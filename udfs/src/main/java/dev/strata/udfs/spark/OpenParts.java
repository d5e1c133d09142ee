package dev.strata.udfs.spark;

import dev.strata.udfs.engine.RowResult;
import java.util.Arrays;
import java.util.List;

/** What the engine has made so far of the parts of a question. */
final class OpenParts {

  private final RowResult[] results;
  private final int promptTokens;
  private int open;

  /**
   * @param promptTokens of the question, however many of its parts share them
   */
  OpenParts(int parts, int promptTokens) {
    this.results = new RowResult[parts];
    this.promptTokens = promptTokens;
    this.open = parts;
  }

  /** Takes a part's result in, and says whether it is the last. */
  boolean completedBy(int part, RowResult result) {
    results[part] = result;
    open--;
    return open == 0;
  }

  /** All results, in the order of the parts. */
  List<RowResult> results() {
    return Arrays.asList(results);
  }

  int promptTokens() {
    return promptTokens;
  }
}
