package dev.strata.job.dataset;

import dev.strata.job.openai.ResponseLine;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * A directory with {@code output.jsonl} and {@code errors.jsonl}, lines in the order of the
 * requests, which is there once both are complete.
 */
final class BatchOutput implements Output {

  static final String ANSWERS = "output.jsonl";
  static final String ERRORS = "errors.jsonl";

  private final DataFiles place;
  private final NewDirectory directory;
  private final ResponseLine lines;
  private final boolean exists;
  private volatile Path writing;

  private BatchOutput(DataFiles place, StrataConf conf) throws IOException {
    this.place = place;
    this.directory = NewDirectory.of(place.files(), place.location());
    this.exists = place.exist();
    String model = new Path(conf.require(StrataKeys.MODEL)).getName();
    this.lines = new ResponseLine(model, Instant.now().getEpochSecond());
  }

  static BatchOutput open(SparkSession session, String location, StrataConf conf)
      throws IOException {
    if (conf.get(StrataKeys.MODE).equals("append")) {
      throw StrataException.usage(
          "--mode append means nothing to openai-batch, which writes one file of each kind; name"
              + " another output, or set --mode overwrite");
    }
    return new BatchOutput(DataFiles.at(session, location), conf);
  }

  @Override
  public boolean exists() {
    return exists;
  }

  @Override
  public void accept(Input input, StructType rows) {
    if (exists) {
      input.requireApart(place);
      try {
        FileOutput.requireDataSet(place);
      } catch (IOException e) {
        throw DataErrors.output(toString(), e);
      }
    }
  }

  /** One task writes all lines; it comes after those that work, and sorts what they made. */
  @Override
  public void write(Dataset<Row> rows) {
    Path parts = new Path(directory.path(), "parts");
    writing = parts;
    rows.map(new BatchLines(rows.schema(), lines), Encoders.row(BatchLines.SCHEMA))
        .repartition(1)
        .sortWithinPartitions("failed", "position")
        .select("failed", "value")
        .write()
        .partitionBy("failed")
        .option("compression", "none")
        .text(parts.toString());
    writing = null;
    try {
      name(new Path(parts, "failed=false"), ANSWERS);
      name(new Path(parts, "failed=true"), ERRORS);
      place.files().delete(parts, true);
    } catch (IOException e) {
      throw DataErrors.output(toString(), e);
    }
  }

  @Override
  public Optional<Path> written() {
    return Optional.of(directory.path());
  }

  @Override
  public void commit() {
    directory.replaceTarget();
  }

  /** The only file of a part gets its name; an empty file stands for a part without lines. */
  private void name(Path part, String name) throws IOException {
    FileSystem files = place.files();
    Path target = new Path(directory.path(), name);
    if (!files.exists(part)) {
      files.create(target, false).close();
      return;
    }
    Path[] written =
        Arrays.stream(files.listStatus(part))
            .map(FileStatus::getPath)
            .filter(file -> !DataFiles.isHidden(file.getName()))
            .toArray(Path[]::new);
    if (written.length != 1 || !files.rename(written[0], target)) {
      throw new IOException("%d files in %s".formatted(written.length, part));
    }
  }

  @Override
  public Optional<Path> writing() {
    return Optional.ofNullable(writing);
  }

  @Override
  public void discard() {
    directory.discard();
  }

  @Override
  public String toString() {
    return place.location().toString();
  }
}
