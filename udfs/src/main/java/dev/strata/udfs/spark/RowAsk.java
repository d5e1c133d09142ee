package dev.strata.udfs.spark;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.RowSeed;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/** What one row asks. Its prompt is made when it is first wanted, and once unless texts are cut. */
final class RowAsk {

  /** What readers put in the place of bytes that are none in the encoding they were told. */
  private static final char REPLACEMENT = '\uFFFD';

  private final RowPrompts prompts;
  private final Row row;
  private RowPrompt whole;
  private boolean isUndecoded;

  RowAsk(RowPrompts prompts, Row row) {
    this.prompts = prompts;
    this.row = row;
  }

  /** The run's options with what the row's own columns say. */
  SamplingOptions sampling(SamplingOptions run) {
    return prompts.overrides(row).applyTo(run);
  }

  /**
   * The prompt.
   *
   * @throws dev.strata.udfs.api.RowException if there is none to be made of the row
   */
  RowPrompt prompt() {
    if (whole == null) {
      whole = prompts.prompt(row, this::looked);
    }
    return whole;
  }

  /**
   * The prompt of texts that are cut, which is the whole one if no text was.
   *
   * @param cut returns a text that it does not cut itself
   * @throws dev.strata.udfs.api.RowException if there is none to be made of the row
   */
  RowPrompt prompt(UnaryOperator<String> cut) {
    boolean[] isCut = new boolean[1];
    RowPrompt prompt =
        prompts.prompt(
            row,
            own -> {
              String kept = cut.apply(looked(own));
              isCut[0] |= kept.length() < own.length();
              return kept;
            });
    if (!isCut[0]) {
      whole = prompt;
    }
    return prompt;
  }

  private String looked(String own) {
    isUndecoded |= own.indexOf(REPLACEMENT) >= 0;
    return own;
  }

  /** Whether a text of the prompt, once that was made, has bytes that were no characters. */
  boolean isUndecoded() {
    return isUndecoded;
  }

  /**
   * The row's own seed. A row that brings one means the same text wherever it is asked for the
   * same. The content of a row without an id is digested where numbers are drawn alone.
   *
   * @throws dev.strata.udfs.api.RowException if the row brings one that is no number
   */
  long seed(long run, SamplingOptions own) {
    Long brought = prompts.seed(row);
    if (own.isGreedy()) {
      return 0;
    }
    String id = brought == null ? prompts.id(row) : null;
    return RowSeed.of(
        brought == null ? run : brought, id == null ? ContentId.of(prompt(), own) : id);
  }
}
