package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/**
 * How one row's tokens are chosen and when it stops. The filters apply in the order of the
 * components, as in Hugging Face transformers: repetition penalty, temperature, top-k, top-p,
 * min-p. Banned tokens are left out before all of them.
 *
 * @param maxNewTokens at least 1
 * @param repetitionPenalty 1 for none; larger values make tokens that already occurred less likely
 * @param temperature 0 for greedy
 * @param topK the number of most likely tokens kept, 0 for all
 * @param topP the probability mass kept, 1 for all
 * @param minP the least probability kept, as a fraction of the most likely token's; 0 for all
 * @param stopStrings texts that end generation; they are not part of the completion
 * @param ignoreStopTokens whether to generate on through the model's stop tokens, for measurements
 * @param stopTokenIds tokens that end generation beside the model's, even where those are ignored;
 *     they are not part of the completion
 * @param bans tokens that are not chosen
 */
public record SamplingOptions(
    int maxNewTokens,
    double repetitionPenalty,
    double temperature,
    int topK,
    double topP,
    double minP,
    List<String> stopStrings,
    boolean ignoreStopTokens,
    List<Integer> stopTokenIds,
    TokenBans bans)
    implements Serializable {

  public SamplingOptions {
    require(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1");
    require(
        repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY,
        "repetition_penalty",
        repetitionPenalty,
        "above 0");
    require(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "temperature",
        temperature,
        "0 or more");
    require(topK >= 0, "top_k", topK, "0 or more");
    require(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
    require(minP >= 0 && minP <= 1, "min_p", minP, "between 0 and 1");
    stopStrings = List.copyOf(stopStrings);
    require(stopStrings.stream().noneMatch(String::isEmpty), "stop", stopStrings, "not empty");
    stopTokenIds = List.copyOf(stopTokenIds);
  }

  /** Options that ban no token, and stop at the model's. */
  public SamplingOptions(
      int maxNewTokens,
      double repetitionPenalty,
      double temperature,
      int topK,
      double topP,
      double minP,
      List<String> stopStrings,
      boolean ignoreStopTokens) {
    this(
        maxNewTokens,
        repetitionPenalty,
        temperature,
        topK,
        topP,
        minP,
        stopStrings,
        ignoreStopTokens,
        List.of(),
        TokenBans.NONE);
  }

  /** These with other bans. */
  public SamplingOptions with(TokenBans others) {
    return new SamplingOptions(
        maxNewTokens,
        repetitionPenalty,
        temperature,
        topK,
        topP,
        minP,
        stopStrings,
        ignoreStopTokens,
        stopTokenIds,
        others);
  }

  /** Greedy, until the model stops or {@code maxNewTokens} are generated. */
  public static SamplingOptions greedy(int maxNewTokens) {
    return new SamplingOptions(maxNewTokens, 1, 0, 0, 1, 0, List.of(), false);
  }

  /** Whether the most likely token is taken whatever the row's seed. */
  public boolean isGreedy() {
    return temperature == 0 || topK == 1;
  }

  /** Whether a choice needs the logits of all tokens, and not the best alone. */
  public boolean needsLogits() {
    return !isGreedy() || repetitionPenalty != 1 || !bans.isEmpty();
  }

  private static void require(boolean holds, String name, Object value, String range) {
    if (!holds) {
      throw new RowException(name + " is " + value + "; it must be " + range);
    }
  }
}
