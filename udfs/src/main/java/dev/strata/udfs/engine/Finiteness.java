package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * Tells rows that overflow from a model that does. Logits that are not finite are their row's error
 * as long as other rows have finite ones; where none of a sweep has, and it is not about a single
 * row, it is the model's, and no later row would fare better.
 */
final class Finiteness {

  static final String NOT_FINITE = "the model computed logits that are not finite";

  private long rowsSinceFinite;

  /**
   * Looks at the rows of a sweep.
   *
   * @param bestLogits the best two of each row
   * @throws StrataException if it is the model
   */
  void require(List<SweepSchedule.HeadRow> rows, float[] bestLogits) {
    long finite = 0;
    long chosen = 0;
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).choosesToken() || rows.get(i).isRead()) {
        chosen++;
        finite += Float.isFinite(bestLogits[2 * i]) ? 1 : 0;
      }
    }
    rowsSinceFinite = finite > 0 ? 0 : rowsSinceFinite + chosen;
    if (rowsSinceFinite > 1) {
      throw StrataException.model(
          "%s in all of the last %d rows: weights are damaged or too large for the type that is"
              + " computed with; examine them with strata doctor --verify, or set"
              + " spark.strata.compute.type=bfloat16 or float32",
          NOT_FINITE, rowsSinceFinite);
    }
  }
}
