package dev.strata.udfs.decode;

/**
 * The k largest of many scores, in a binary min-heap whose root is the smallest of them: one
 * comparison for each score that is not among them.
 */
final class TopScores {

  private float[] heap = new float[0];

  /** The k-th largest of the scores, duplicates counted; k is in [1, scores.length]. */
  float kthLargest(float[] scores, int k) {
    if (heap.length < k) {
      heap = new float[k];
    }
    System.arraycopy(scores, 0, heap, 0, k);
    for (int i = k / 2 - 1; i >= 0; i--) {
      sink(heap[i], i, k);
    }
    for (int i = k; i < scores.length; i++) {
      if (scores[i] > heap[0]) {
        sink(scores[i], 0, k);
      }
    }
    return heap[0];
  }

  /** Puts a score at a place whose subtrees are heaps, or below it. */
  private void sink(float score, int place, int k) {
    int hole = place;
    for (int child = 2 * hole + 1; child < k; child = 2 * hole + 1) {
      if (child + 1 < k && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= score) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = score;
  }
}
