package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory of files. */
final class FileOutput implements Output {

  private static final Logger LOG = LoggerFactory.getLogger(FileOutput.class);

  /** Spark's setting that names what puts files in their place when a job ends. */
  private static final String COMMITTER = "spark.sql.sources.commitProtocolClass";

  private static final String SPARK_COMMITTER =
      "org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol";

  private final SparkSession session;
  private final DataFiles place;
  private final String mode;
  private final Optional<DataFormat> named;
  private final Map<String, String> options;
  private final List<String> partitionBy;
  private final boolean exists;
  private final boolean isEmptyDirectory;
  private DataFormat format;
  private NewDirectory replacement;
  private AddedFiles added;
  private volatile Path writing;

  private FileOutput(SparkSession session, DataFiles place, StrataConf conf) throws IOException {
    this.session = session;
    this.place = place;
    this.mode = conf.get(StrataKeys.MODE);
    this.named = DataFormat.of(conf.get(StrataKeys.OUTPUT_FORMAT), place.location().getName());
    this.options = conf.get(StrataKeys.OUTPUT_OPTIONS);
    this.partitionBy = conf.get(StrataKeys.PARTITION_BY);
    this.exists = place.exist();
    this.isEmptyDirectory = !exists && place.files().exists(place.location());
  }

  static FileOutput open(SparkSession session, String location, StrataConf conf)
      throws IOException {
    FileOutput output = new FileOutput(session, DataFiles.at(session, location), conf);
    if (!output.isOverwrite() && !output.isAppend()) {
      output.requireFinished();
    }
    return output;
  }

  /**
   * What a killed run left must pass for an output neither in the eyes of a person nor of a mode.
   */
  private void requireFinished() throws IOException {
    if (unfinished().exist()) {
      throw StrataException.data(
          "the output %s holds %s, so the run that began it was killed, or is at work; if none is,"
              + " remove it, or set --mode overwrite",
          place.location(), Unfinished.FOLDER);
    }
  }

  @Override
  public boolean exists() {
    return exists;
  }

  @Override
  public void accept(Input input, StructType rows) {
    format = named.orElse(input.format());
    requirePartitions(rows);
    try {
      if (exists) {
        acceptExisting(input, rows);
      }
    } catch (IOException e) {
      throw DataErrors.output(toString(), e);
    }
    format.requireHolds(rows);
  }

  private void acceptExisting(Input input, StructType rows) throws IOException {
    if (isOverwrite()) {
      input.requireApart(place);
      requireDataSet(place);
    }
    if (isAppend()) {
      input.requireApart(place);
      ExistingFiles files = ExistingFiles.of(session, place);
      format = files.requireSameForm(named, format, partitionBy);
      files.requireSameColumns(rows, format, partitionBy, options);
    }
  }

  /** What is overwritten is deleted in the end, so it had better be what a run has written. */
  static void requireDataSet(DataFiles place) throws IOException {
    FileSystem files = place.files();
    for (FileStatus status : files.listStatus(place.location())) {
      String name = status.getPath().getName();
      boolean isData =
          DataFiles.isHidden(name)
              || (status.isDirectory() ? name.contains("=") : DataFormat.ofName(name).isPresent());
      if (!isData) {
        throw StrataException.data(
            "the output %s holds '%s', which is no part of a data set; --mode overwrite would"
                + " delete it: remove it yourself, or name another output",
            place.location(), name);
      }
    }
  }

  @Override
  public void write(Dataset<Row> rows) {
    try {
      if (exists && isOverwrite()) {
        replacement = NewDirectory.of(place.files(), place.location());
        save(rows, SaveMode.ErrorIfExists, replacement.path());
      } else if (isAppend()) {
        append(rows);
      } else {
        first().begin();
        save(rows, isEmptyDirectory ? SaveMode.Append : SaveMode.ErrorIfExists, place.location());
        first().end();
      }
    } catch (Exception e) { // AnalysisException is checked in Scala only
      throw Refused.byAnalysis(e, toString());
    }
  }

  /** What a store's own committer puts in place at once is not to be copied there afterwards. */
  private void append(Dataset<Row> rows) throws IOException {
    AddedFiles beside = AddedFiles.to(place.files(), place.location());
    boolean isOfSpark = session.conf().get(COMMITTER, SPARK_COMMITTER).equals(SPARK_COMMITTER);
    if (isOfSpark && beside.isPossible()) {
      added = beside;
      save(rows, SaveMode.Append, added.path());
      added.add();
    } else {
      save(rows, SaveMode.Append, place.location());
    }
  }

  private void requirePartitions(StructType rows) {
    List<String> columns = Arrays.asList(rows.fieldNames());
    for (String column : partitionBy) {
      if (columns.stream().noneMatch(column::equalsIgnoreCase)) {
        throw StrataException.usage(
            "--partition-by names '%s', which is no column of the output; those are %s",
            column, String.join(", ", columns));
      }
    }
  }

  private void save(Dataset<Row> rows, SaveMode how, Path path) {
    writing = path;
    rows.write()
        .mode(how)
        .format(format.word())
        .options(format.writeOptions())
        .options(options)
        .partitionBy(partitionBy.toArray(String[]::new))
        .save(path.toString());
    writing = null;
  }

  @Override
  public Optional<Dataset<Row>> existingRows() {
    try {
      return exists && isAppend()
          ? ExistingFiles.of(session, place).rows(format, options)
          : Optional.empty();
    } catch (IOException e) {
      throw DataErrors.output(toString(), e);
    }
  }

  @Override
  public Optional<Path> written() {
    return Optional.of(replacement == null ? place.location() : replacement.path());
  }

  @Override
  public void commit() {
    if (replacement != null) {
      replacement.replaceTarget();
    }
  }

  @Override
  public Optional<Path> writing() {
    return Optional.ofNullable(writing);
  }

  private FirstFiles first() {
    return FirstFiles.of(place.files(), place.location());
  }

  private Unfinished unfinished() {
    return Unfinished.at(place.files(), place.location());
  }

  private boolean isOverwrite() {
    return mode.equals("overwrite");
  }

  private boolean isAppend() {
    return mode.equals("append");
  }

  @Override
  public void discard() {
    if (replacement != null) {
      replacement.discard();
    }
    if (added != null) {
      added.discard();
    }
    try {
      if (writing != null && writing.equals(place.location())) {
        unfinished().clear();
        first().discard();
      }
    } catch (IOException e) {
      LOG.warn("what is unfinished in {} cannot be removed: {}", this, Messages.firstLine(e), e);
    }
  }

  @Override
  public String toString() {
    return place.location().toString();
  }
}
