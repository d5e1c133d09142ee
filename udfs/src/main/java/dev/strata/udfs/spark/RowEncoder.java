package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.PromptFit;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/**
 * Rows to tokens.
 *
 * @param cuts whether a row's own texts are cut where prompt and new tokens exceed the context
 * @param contextLength the most tokens of prompt and completion together
 */
record RowEncoder(RowPrompts prompts, ModelText text, boolean cuts, int contextLength) {

  /**
   * The tokens of a row's prompt.
   *
   * @param newTokens the tokens that shall fit the context as well if texts are cut
   * @throws RowException if there is no prompt to be made of the row, whatever the reason: what a
   *     model's template and tokenizer cannot bear in one row must not end the others
   */
  int[] encode(Row row, int newTokens) {
    try {
      return cuts ? fitting(row, newTokens) : whole(row, UnaryOperator.identity());
    } catch (RowException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      throw new RowException("the prompt cannot be made: " + e, e);
    }
  }

  private int[] fitting(Row row, int newTokens) {
    return PromptFit.tokens(text, contextLength - newTokens, own -> whole(row, own));
  }

  private int[] whole(Row row, UnaryOperator<String> own) {
    return prompts.prompt(row, own).encode(text);
  }
}
