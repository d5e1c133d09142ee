package dev.strata.job.run;

import dev.strata.job.dataset.DataFormat;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.Replacement;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.StructType;

/** A directory of files, which is written anew beside the old one. */
final class IncrementalFiles implements IncrementalOutput {

  /** Forms that keep every value, and whose columns are found by name. */
  private static final List<String> FORMATS = List.of("parquet", "json", "orc");

  private final RunSession session;
  private final StrataConf conf;
  private final Replacement replacement;
  private final RunLock lock;
  private DataFormat format;

  /**
   * @param lock null where nothing is written
   */
  IncrementalFiles(RunSession session, Replacement replacement, RunLock lock) {
    this.session = session;
    this.conf = session.conf();
    this.replacement = replacement;
    this.lock = lock;
  }

  /**
   * Checks a form.
   *
   * @throws StrataException if rows could not be taken over from it
   */
  static void requireReadable(String format) {
    if (!FORMATS.contains(format)) {
      throw StrataException.usage(
          "--incremental cannot take over an output of the form %s; set --output-format to one of"
              + " %s, or to table for one of Delta's or Iceberg's",
          format, String.join(", ", FORMATS));
    }
  }

  @Override
  public boolean exists() throws IOException {
    return replacement.exists();
  }

  @Override
  public void accept(Input input) {
    replacement.accept(input);
    format =
        DataFormat.of(conf.get(StrataKeys.OUTPUT_FORMAT), new Path(location()).getName())
            .orElse(input.format());
    requireReadable(format.word());
  }

  @Override
  public EarlierRows rows(StructType added) {
    return EarlierRows.read(
        session.spark(), added, location(), format.word(), conf.get(StrataKeys.OUTPUT_OPTIONS));
  }

  @Override
  public RunOptions options() throws IOException {
    return RunOptions.read(session.hadoop(), location());
  }

  @Override
  public void forgetJournal() throws IOException {
    Continuation.forgetThatOf(new Path(location()), session);
  }

  @Override
  public Output part() {
    return Output.at(
        session.spark(),
        conf.with(StrataKeys.OUTPUT, replacement.part().toString())
            .with(StrataKeys.OUTPUT_FORMAT, format.word()));
  }

  @Override
  public boolean hasRoomBeside() {
    return true;
  }

  @Override
  public void commit(RunOptions options) throws IOException {
    lock.check();
    replacement.commit();
  }

  @Override
  public void discard() throws IOException {
    replacement.discard();
  }

  private String location() {
    return conf.require(StrataKeys.OUTPUT);
  }
}
