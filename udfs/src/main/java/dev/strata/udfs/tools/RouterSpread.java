package dev.strata.udfs.tools;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How far the experts of a random router differ in how often tokens choose them.
 *
 * <p>With a skew of s the expert of popularity rank r, from 1 on, is chosen by a share of tokens
 * that goes with r to the power of −s, as in Zipf's law; none by more than {@value #MOST} of them.
 * A skew of 0 makes all alike.
 *
 * <p>What makes one more popular is a row of larger numbers: products of a random row and a random
 * token are normally distributed, and those of a row that is twice as large lie twice as often
 * above what it takes to be chosen, or more. Nothing else has to be in the model for that, no bias
 * and no direction that all tokens share.
 *
 * @param experts of the router
 * @param chosen experts of a token
 * @param skew the exponent, 0 or more
 */
record RouterSpread(int experts, int chosen, double skew) {

  /**
   * The fifth of the experts that is chosen most then has two fifths of the choices where there are
   * 128 or so, about what is told of trained routers.
   */
  static final double USUAL_SKEW = 0.5;

  /** A product of a random row is above 0 for half of the tokens, however large the row is. */
  private static final double MOST = 0.45;

  /**
   * By popularity rank, the share of tokens that choose an expert. Their sum is {@link #chosen}.
   */
  double[] shares() {
    double[] shares = new double[experts];
    if (chosen >= MOST * experts) {
      Arrays.fill(shares, (double) chosen / experts);
      return shares;
    }
    // As many of the first as would have more have the most; the others share the rest.
    int capped = 0;
    double scale = scale(capped);
    while (scale * weight(capped) > MOST) {
      scale = scale(++capped);
    }
    for (int rank = 0; rank < experts; rank++) {
      shares[rank] = rank < capped ? MOST : scale * weight(rank);
    }
    return shares;
  }

  private double scale(int capped) {
    double weights = 0;
    for (int rank = capped; rank < experts; rank++) {
      weights += weight(rank);
    }
    return (chosen - capped * MOST) / weights;
  }

  private double weight(int rank) {
    return Math.pow(rank + 1, -skew);
  }

  /**
   * What each expert's row is multiplied by, 1 where all are alike. Which expert is how popular is
   * the seed's to say.
   */
  float[] factors(long seed) {
    double[] shares = shares();
    int[] experts = shuffled(seed);
    double alike = normalAbove((double) chosen / shares.length);
    float[] factors = new float[shares.length];
    for (int rank = 0; rank < shares.length; rank++) {
      factors[experts[rank]] =
          chosen >= MOST * shares.length ? 1 : (float) (alike / normalAbove(shares[rank]));
    }
    return factors;
  }

  /** The experts by popularity. */
  int[] shuffled(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[experts];
    for (int i = 0; i < order.length; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  /**
   * What a share of normally distributed numbers is above, for shares up to a half: Abramowitz and
   * Stegun 26.2.23, within 0.00045.
   */
  private static double normalAbove(double share) {
    double t = Math.sqrt(-2 * Math.log(share));
    return t
        - (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  }
}
