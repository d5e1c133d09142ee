package dev.strata.udfs.sql;

import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import java.io.Serializable;
import java.util.List;

/** What executors do for a call. */
interface CallTask extends Serializable {

  /**
   * What a row asks.
   *
   * @param arguments the row's, none of them null
   */
  List<Question> questions(CallArguments arguments);

  /**
   * The call's value, as Catalyst has it.
   *
   * @param answers those to its questions, none of them an error
   * @throws dev.strata.udfs.api.RowException if they make none
   */
  Object value(List<Answer> answers);

  /** The value of a call that failed, where values say so themselves; else null. */
  default Object failed(String error) {
    return null;
  }
}
