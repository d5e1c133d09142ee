package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.PromptFit;
import dev.strata.udfs.text.RenderedPrompt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;

/**
 * Questions to tokens.
 *
 * @param cuts whether a row's own texts are cut where prompt and new tokens exceed the context
 * @param contextLength the most tokens of prompt and completion together
 */
record RowEncoder(ModelText text, boolean cuts, int contextLength) {

  /**
   * The tokens of a row's prompt.
   *
   * @param newTokens the tokens that shall fit the context as well if texts are cut
   * @throws RowException if there is no prompt to be made of the question, whatever the reason:
   *     what a model's template and tokenizer cannot bear in one row must not end the others
   * @throws StrataException if the model has no template for it that can be read
   */
  int[] encode(Question question, int newTokens) {
    try {
      return cuts(question)
          ? PromptFit.tokens(text, limit(newTokens), cut -> question.prompt(cut).encode(text))
          : question.prompt().encode(text);
    } catch (RowException | StrataException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      throw new RowException("the prompt cannot be made: " + e, e);
    }
  }

  /**
   * How many tokens of a prompt are before what is scored; 0 where all are.
   *
   * @throws RowException as for {@link #encode}
   */
  int given(Question question) {
    RenderedPrompt given = question.prompt().given(text);
    boolean isNothing = given == null || (given.text().isEmpty() && !given.addSpecialTokens());
    return isNothing ? 0 : text.encode(given).length;
  }

  /**
   * Options with the tokens of the words in them.
   *
   * @throws RowException if a word cannot be encoded
   */
  SamplingOptions withTokens(SamplingOptions options) {
    TokenBans bans = options.bans();
    if (bans.badWords() == null) {
      return options;
    }
    try {
      return options.with(bans.with(text.tokenized(bans.badWords())));
    } catch (RowException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new RowException("bad_words cannot be encoded: " + e, e);
    }
  }

  private int limit(int newTokens) {
    return contextLength - newTokens;
  }

  /**
   * A row's prompt for {@link #encodeAll}, or null if {@link #encode} has to look at the row alone:
   * there is no prompt to be made of it, or one of its texts is so long that it may be cut.
   */
  RenderedPrompt rendered(Question question, int newTokens) {
    boolean[] isLong = new boolean[1];
    try {
      RowPrompt prompt =
          question.prompt(
              own -> {
                isLong[0] |= PromptFit.mayCut(own, limit(newTokens));
                return own;
              });
      return cuts(question) && isLong[0] ? null : prompt.rendered(text);
    } catch (RuntimeException | StackOverflowError e) {
      return null; // encode says it
    }
  }

  /** The tokens of prompts, null for those that are null, and for all if one cannot be encoded. */
  List<int[]> encodeAll(List<RenderedPrompt> prompts) {
    List<RenderedPrompt> made = prompts.stream().filter(Objects::nonNull).toList();
    List<int[]> tokens = new ArrayList<>();
    Iterator<int[]> encoded = encodedTogether(made).iterator();
    prompts.forEach(prompt -> tokens.add(prompt == null ? null : encoded.next()));
    return tokens;
  }

  private List<int[]> encodedTogether(List<RenderedPrompt> prompts) {
    try {
      return text.encodeAll(prompts);
    } catch (RuntimeException e) {
      return Collections.nCopies(prompts.size(), null);
    }
  }

  /** Whether tokens that were made of a whole prompt are what {@link #encode} gives. */
  boolean isRight(Question question, int[] tokens, int newTokens) {
    return tokens != null
        && tokens.length > 0
        && (!cuts(question) || tokens.length <= limit(newTokens));
  }

  private boolean cuts(Question question) {
    return cuts && question.mayBeCut();
  }
}
