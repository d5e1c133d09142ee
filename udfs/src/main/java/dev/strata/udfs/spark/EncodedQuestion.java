package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import java.nio.ByteBuffer;

/**
 * A question with its tokens, or with the error that it has instead.
 *
 * @param own how its tokens are chosen
 * @param given how many of the tokens, from the first on, are before what is scored; 0 where all
 *     are
 * @param error why there are no tokens, or null if there are
 */
// The tokens go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
record EncodedQuestion(
    Question question, SamplingOptions own, int[] tokens, int given, RowException error) {

  static EncodedQuestion failed(Question question, RowException error) {
    return new EncodedQuestion(question, null, null, 0, error);
  }

  /** What questions have in common that have the same answer. */
  Sha256 digest(long seed) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + tokens.length * Integer.BYTES);
    bytes.putLong(seed);
    bytes.asIntBuffer().put(tokens);
    return new Sha256().addBytes(bytes.array()).add(own).add(asked());
  }

  /** What is asked about the tokens. */
  private String asked() {
    String readout = String.valueOf(question.readout());
    return given == 0 ? readout : readout + " from " + given;
  }

  /** The same with the row's id, if it has one. */
  Sha256 rowDigest(long seed) {
    return digest(seed).add(String.valueOf(question.id()));
  }
}
