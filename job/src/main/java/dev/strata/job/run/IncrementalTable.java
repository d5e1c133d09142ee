package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.TableReplacement;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.types.StructType;

/** A table whose rows are replaced by a commit of its own. */
final class IncrementalTable implements IncrementalOutput {

  private final TableReplacement table;

  IncrementalTable(RunSession session) {
    this.table = TableReplacement.of(session.spark(), session.conf());
  }

  @Override
  public boolean exists() {
    return table.exists();
  }

  @Override
  public void accept(Input input) {
    table.output().accept(input, input.rows().schema());
  }

  @Override
  public EarlierRows rows(StructType added) {
    return EarlierRows.of(table.rows(), added);
  }

  @Override
  public RunOptions options() throws IOException {
    Optional<String> known = table.options();
    return known.isPresent() ? RunOptions.parse(known.get()) : new RunOptions(Map.of());
  }

  /** A table does not say what run it is of. */
  @Override
  public void forgetJournal() {
    // it may be another's
  }

  @Override
  public Output part() {
    return table.output();
  }

  @Override
  public boolean hasRoomBeside() {
    return false;
  }

  /** The rows are there already, by the table's commit. */
  @Override
  public void commit(RunOptions options) throws IOException {
    table.setOptions(options.json());
  }

  @Override
  public void discard() {
    // a commit that failed has changed nothing
  }
}
