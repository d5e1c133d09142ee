package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;

/**
 * A question with its tokens, or with the error that it has instead.
 *
 * @param own how its tokens are chosen
 * @param error why there are no tokens, or null if there are
 */
// The tokens go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
record EncodedQuestion(Question question, SamplingOptions own, int[] tokens, RowException error) {

  static EncodedQuestion failed(Question question, RowException error) {
    return new EncodedQuestion(question, null, null, error);
  }
}
