package dev.strata.udfs.spark;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.RowSeed;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/** What one row of a data set asks. */
final class RowAsk extends Question {

  private final RowPrompts prompts;
  private final Row row;

  RowAsk(RowPrompts prompts, Row row) {
    this.prompts = prompts;
    this.row = row;
  }

  @Override
  Readout readout() {
    return prompts.readout();
  }

  @Override
  RowPrompt make(UnaryOperator<String> own) {
    return prompts.prompt(row, own);
  }

  @Override
  String id() {
    return prompts.id(row);
  }

  @Override
  SamplingOptions sampling(SamplingOptions run) {
    return prompts.overrides(row).applyTo(run);
  }

  /**
   * A row that brings a seed means the same text wherever it is asked for the same. The content of
   * a row without an id is digested where numbers are drawn alone.
   */
  @Override
  long seed(long run, SamplingOptions own) {
    Long brought = prompts.seed(row);
    if (own.isGreedy() || readout() != null) {
      return 0;
    }
    String id = brought == null ? prompts.id(row) : null;
    return RowSeed.of(
        brought == null ? run : brought, id == null ? ContentId.of(prompt(), own) : id);
  }
}
