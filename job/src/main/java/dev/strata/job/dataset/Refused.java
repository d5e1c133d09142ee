package dev.strata.job.dataset;

import org.apache.spark.sql.AnalysisException;

/** Tells what Spark refuses before a job runs from what goes wrong in one. */
final class Refused {

  private Refused() {}

  /** The exception itself, or a sentence about the output if Spark would not write there. */
  static RuntimeException byAnalysis(Exception e, String output) {
    if (e instanceof AnalysisException) {
      return DataErrors.output(output, e);
    }
    return Refused.<RuntimeException>asUnchecked(e);
  }

  /** Scala throws checked exceptions that it does not declare; they pass as they are. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> RuntimeException asUnchecked(Exception e) throws E {
    throw (E) e;
  }
}
