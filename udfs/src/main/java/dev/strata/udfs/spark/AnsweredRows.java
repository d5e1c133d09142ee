package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import java.util.List;

/**
 * Makes the rows that come out.
 *
 * @param <O> their type
 */
public interface AnsweredRows<O> {

  /**
   * A row.
   *
   * @param kept what {@link AskedRow} kept of it
   * @param answers one for each of its questions, in their order
   */
  O row(byte[] kept, List<Completion> answers);
}
