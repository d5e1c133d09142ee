package dev.strata.udfs.engine;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.decode.Sampler;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.transformer.HeadPass;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Chooses each sequence's next token from what the head computed. */
final class TokenChooser {

  /**
   * A smaller margin than this may turn out otherwise under another plan (DESIGN: what is promised
   * about numbers).
   */
  private static final float LOW_MARGIN = 1e-3f;

  private static final String OWNER = "sampler";

  private final int vocabSize;
  private final FloatBuffer logits;
  private final Sampler sampler;
  private final Finiteness finiteness = new Finiteness();
  private long lowMargins;

  /**
   * @param stopTokens what the model ends a completion with
   * @param logits [rows, vocabulary], where the head leaves logits kept in full
   */
  TokenChooser(int vocabSize, Set<Integer> stopTokens, FloatBuffer logits) {
    this.vocabSize = vocabSize;
    this.logits = logits;
    this.sampler = new Sampler(vocabSize, stopTokens);
  }

  /** What it takes. */
  static Footprint footprint(int vocabSize) {
    return Footprint.heap(OWNER, (long) vocabSize * Sampler.BYTES_PER_TOKEN);
  }

  /**
   * Appends a token to every sequence that chooses one, and returns how many did; hands
   * log-probabilities to those that read them.
   */
  int choose(List<SweepSchedule.HeadRow> rows, HeadPass head) {
    float[] bestLogits = head.bestLogits();
    long[] bestTokens = head.bestTokens();
    List<float[]> logProbabilities = head.logProbabilities();
    finiteness.require(rows, bestLogits);
    read(rows, logProbabilities, bestTokens);
    int chosen = 0;
    for (int i = 0; i < rows.size(); i++) {
      if (choose(rows.get(i), i, bestLogits, bestTokens)) {
        chosen++;
      }
    }
    return chosen;
  }

  private static void read(
      List<SweepSchedule.HeadRow> rows, List<float[]> logProbabilities, long[] bestTokens) {
    Iterator<float[]> found = logProbabilities.iterator();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).isRead()) {
        read(rows.get(i), found.next(), (int) bestTokens[2 * i]);
      }
    }
  }

  private static void read(SweepSchedule.HeadRow row, float[] logProbabilities, int likeliest) {
    if (isFinite(logProbabilities)) {
      row.found(logProbabilities, likeliest);
    } else {
      row.run().sequence().fail(Finiteness.NOT_FINITE);
    }
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private void observe(Sequence sequence, int position, int row) {
    Ask.Generate generation = sequence.generation();
    if (generation != null && generation.observer() != null) {
      generation.observer().logits(position, logits(row));
    }
  }

  /**
   * What a row brings along, an observer or a stop condition, may fail: that ends the row alone.
   */
  private boolean choose(
      SweepSchedule.HeadRow row, int index, float[] bestLogits, long[] bestTokens) {
    Sequence sequence = row.run().sequence();
    if (sequence.isFinished()) {
      return false; // failed at an earlier token of this sweep
    }
    try {
      observe(sequence, row.position(), index);
      return row.choosesToken() && append(sequence, index, bestLogits, bestTokens);
    } catch (RowException e) {
      sequence.fail(e.getMessage());
    } catch (RuntimeException | StackOverflowError e) {
      sequence.failThisTime("generation failed: " + e);
    }
    return false;
  }

  private boolean append(Sequence sequence, int row, float[] bestLogits, long[] bestTokens) {
    float best = bestLogits[2 * row];
    if (!Float.isFinite(best)) {
      throw new RowException(Finiteness.NOT_FINITE);
    }
    Ask.Generate generation = sequence.generation();
    float margin = best - bestLogits[2 * row + 1];
    int token = (int) bestTokens[2 * row];
    if (generation.needsLogits()) {
      token = sample(sequence, row);
      margin = sampler.margin();
    }
    sequence.append(token);
    if (generation.sampling().isGreedy() && margin < LOW_MARGIN) {
      lowMargins++;
    }
    return true;
  }

  private int sample(Sequence sequence, int row) {
    Ask.Generate generation = sequence.generation();
    return sampler.sample(
        logits(row),
        generation.sampling(),
        sequence.tokens(),
        sequence.promptLength(),
        sequence.length(),
        generation.seed(),
        sequence.length());
  }

  private FloatBuffer logits(int row) {
    return logits.slice(row * vocabSize, vocabSize);
  }

  /** Tokens chosen greedily with less than 1e-3 between the best and the second logit. */
  long lowMargins() {
    return lowMargins;
  }
}
