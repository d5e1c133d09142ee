package dev.strata.udfs.decode;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import java.nio.FloatBuffer;
import java.util.Set;

/**
 * Chooses the next token of a row from its logits. Penalty and filters are those of Hugging Face
 * transformers' logits processors, in their order: repetition penalty, banned tokens, temperature,
 * top-k, top-p, min-p. What is left is drawn by the inverse of the cumulative distribution over the
 * tokens in descending order of probability, lowest id first among equals.
 *
 * <p>Linear in the vocabulary: top-k is a heap, top-p and the draw are selections, nothing is
 * sorted. Keeps its arrays from call to call, so that each thread needs a sampler of its own.
 */
public final class Sampler {

  private final float[] scores; // [vocab]
  private final BannedTokens banned;
  private final TopScores topScores = new TopScores();
  private final Candidates candidates;
  private float margin;

  /** Bytes of heap for each token of the vocabulary. */
  public static final int BYTES_PER_TOKEN = 16;

  /**
   * A sampler for a vocabulary; it holds {@link #BYTES_PER_TOKEN} per token of it.
   *
   * @param stopTokens what the model ends a completion with
   */
  public Sampler(int vocabSize, Set<Integer> stopTokens) {
    if (vocabSize < 1) {
      throw new IllegalArgumentException("vocabulary of " + vocabSize + " tokens");
    }
    scores = new float[vocabSize];
    banned = new BannedTokens(scores, stopTokens);
    candidates = new Candidates(scores);
  }

  /**
   * The id of the next token.
   *
   * @param logits the vocabulary's logits from the buffer's position on; the buffer is not changed
   * @param options the row's
   * @param tokens the row's prompt and what was generated so far, in {@code [0, tokenCount)}
   * @param promptLength how many of them are the prompt
   * @param seed the row's seed, see {@link RowSeed}
   * @param position the position whose random number is drawn; unused when greedy
   * @throws RowException if a logit is not a number or infinite, or all are minus infinity, or
   *     every token is banned
   */
  public int sample(
      FloatBuffer logits,
      SamplingOptions options,
      int[] tokens,
      int promptLength,
      int tokenCount,
      long seed,
      int position) {
    logits.get(logits.position(), scores);
    if (options.repetitionPenalty() != 1) {
      penalize(logits, (float) options.repetitionPenalty(), tokens, tokenCount);
    }
    banned.apply(options, tokens, promptLength, tokenCount);
    int best = mostLikely();
    if (scores[best] == Float.NEGATIVE_INFINITY) {
      throw new RowException(
          options.bans().isEmpty()
              ? "the model computed a logit of -Infinity for every token"
              : "no token is left to choose: the others are banned by min_new_tokens,"
                  + " suppress_tokens, no_repeat_ngram_size, bad_words_ids or bad_words");
    }
    if (options.isGreedy()) {
      return best;
    }
    candidates.takeAtLeast(leastScore(options.topK()), scores[best], options.temperature());
    if (options.topP() < 1) {
      candidates.keepMass(options.topP());
    }
    if (options.minP() > 0) {
      candidates.dropLighterThan(options.minP());
    }
    return candidates.atMass(RowSeed.uniform(seed, position));
  }

  /**
   * How far the most likely token of the last call was ahead of the second, as the choice saw them:
   * after the penalty, before the temperature.
   */
  public float margin() {
    return margin;
  }

  /** Starts from the logits each time, so that a token that occurs twice is penalised once. */
  private void penalize(FloatBuffer logits, float penalty, int[] tokens, int tokenCount) {
    for (int i = 0; i < tokenCount; i++) {
      float logit = logits.get(logits.position() + tokens[i]);
      scores[tokens[i]] = logit < 0 ? logit * penalty : logit / penalty;
    }
  }

  private int mostLikely() {
    int best = 0;
    float second = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < scores.length; id++) {
      if (!(scores[id] < Float.POSITIVE_INFINITY)) {
        throw new RowException("the model computed a logit of " + scores[id] + " for token " + id);
      }
      if (scores[id] > scores[best]) {
        second = scores[best];
        best = id;
      } else if (id != best && scores[id] > second) {
        second = scores[id];
      }
    }
    margin = scores[best] - second;
    return best;
  }

  private float leastScore(int topK) {
    boolean all = topK == 0 || topK >= scores.length;
    return all ? Float.NEGATIVE_INFINITY : topScores.kthLargest(scores, topK);
  }
}
