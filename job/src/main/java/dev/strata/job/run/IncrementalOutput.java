package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import java.io.IOException;
import org.apache.spark.sql.types.StructType;

/** What an incremental run reads the rows of an earlier one from, and replaces as a whole. */
interface IncrementalOutput {

  boolean exists() throws IOException;

  /**
   * Takes note of what is read.
   *
   * @throws dev.strata.udfs.api.StrataException if the output would replace it, or has no form that
   *     rows can be taken over from
   */
  void accept(Input input);

  /**
   * The rows that are there.
   *
   * @param added the columns that a run adds to its input's
   */
  EarlierRows rows(StructType added) throws IOException;

  /** The options that they were made with; none where that is not known. */
  RunOptions options() throws IOException;

  /** Throws away the journal that is of the run that wrote what is there, if there is one. */
  void forgetJournal() throws IOException;

  /** Where new rows are written. */
  Output part();

  /** Whether a journal can be kept beside it. */
  boolean hasRoomBeside();

  /** Puts the rows that were written in their place. */
  void commit(RunOptions options) throws IOException;

  /** Clears away what was written, if anything was. */
  void discard() throws IOException;
}
