package dev.strata.udfs.decode;

/**
 * The tokens that may still be chosen, each with a score and a weight (its probability, not
 * normalised). Most likely means largest score; of equal scores the lowest id comes first.
 */
final class Candidates {

  private final float[] scores; // [vocab], shared with the sampler
  private final double[] weights; // [vocab], of candidates only
  private final int[] ids; // [vocab], candidates in [0, count), in no order
  private int count;

  Candidates(float[] scores) {
    this.scores = scores;
    this.weights = new double[scores.length];
    this.ids = new int[scores.length];
  }

  /** Takes the tokens with at least this score that have any probability. */
  void takeAtLeast(float least, float largest, double temperature) {
    count = 0;
    for (int id = 0; id < scores.length; id++) {
      if (scores[id] >= least) {
        double weight = Math.exp(((double) scores[id] - largest) / temperature);
        if (weight > 0) {
          weights[id] = weight;
          ids[count++] = id;
        }
      }
    }
  }

  /** Drops those whose weight is below a least one; the largest weight is 1. */
  void dropLighterThan(double leastWeight) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (weights[ids[i]] >= leastWeight) {
        ids[kept++] = ids[i];
      }
    }
    count = kept;
  }

  /** Keeps the fewest most likely ones that have at least this part of the mass. */
  void keepMass(double part) {
    count = selectMass(part * mass()) + 1;
  }

  /**
   * The first one, in order of likelihood, up to which there is more than this part of the mass.
   */
  int atMass(double part) {
    return ids[selectMass(Math.nextUp(part * mass()))];
  }

  private double mass() {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[ids[i]];
    }
    return sum;
  }

  /**
   * Moves the fewest most likely candidates whose mass reaches a target to the front, the least
   * likely of them last, and returns its place. All of them where rounding keeps the sum below the
   * target. Quickselect (Hoare's Find, 1961) that compares masses instead of ranks: linear time.
   */
  private int selectMass(double target) {
    int low = 0;
    int high = count - 1;
    double missing = target;
    while (low < high) {
      int pivot = partition(low, high);
      double mass = massBetween(low, pivot);
      if (mass >= missing) {
        high = pivot;
      } else {
        missing -= mass;
        low = pivot + 1;
      }
    }
    return low;
  }

  private double massBetween(int from, int to) {
    double sum = 0;
    for (int i = from; i <= to; i++) {
      sum += weights[ids[i]];
    }
    return sum;
  }

  /**
   * Hoare's partition: returns a place in [low, high) such that no candidate up to it is less
   * likely than one after it.
   */
  private int partition(int low, int high) {
    int pivot = ids[(low + high) >>> 1];
    int left = low - 1;
    int right = high + 1;
    while (true) {
      do {
        left++;
      } while (isLikelier(ids[left], pivot));
      do {
        right--;
      } while (isLikelier(pivot, ids[right]));
      if (left >= right) {
        return right;
      }
      int id = ids[left];
      ids[left] = ids[right];
      ids[right] = id;
    }
  }

  private boolean isLikelier(int id, int other) {
    return scores[id] != scores[other] ? scores[id] > scores[other] : id < other;
  }
}
