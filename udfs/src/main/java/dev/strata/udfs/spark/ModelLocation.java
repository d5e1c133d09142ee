package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.text.ModelText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/** Opens models where they lie, without a copy: their configuration, headers and tokenizers. */
final class ModelLocation {

  private static final Logger LOG = LoggerFactory.getLogger(ModelLocation.class);

  private ModelLocation() {}

  /**
   * Opens a model on the driver, as its session reads data.
   *
   * @throws dev.strata.udfs.api.StrataException if it cannot be used
   */
  static Checkpoint open(String location) {
    Option<SparkSession> session = SparkSession.getDefaultSession();
    return session.isEmpty()
        ? Checkpoint.open(location)
        : open(location, hadoop(session.get()).value());
  }

  /** Opens a model with what Hadoop's file systems are told. */
  static Checkpoint open(String location, Configuration hadoop) {
    return Checkpoint.open(ModelFiles.at(location, hadoop));
  }

  /** What a session's own data sources read with: a notebook may have set it there alone. */
  static SerializableConfiguration hadoop(SparkSession session) {
    return new SerializableConfiguration(session.sparkContext().hadoopConfiguration());
  }

  /** The checkpoint's tokenizer and chat template; the caller closes it. */
  static ModelText text(Checkpoint checkpoint, String location) {
    return ModelText.load(name -> find(checkpoint, name), location);
  }

  private static Optional<byte[]> find(Checkpoint checkpoint, String name) {
    try {
      return checkpoint.files().find(name);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.MODEL, "%s cannot be read: %s".formatted(name, e.getMessage()), e);
    }
  }

  /**
   * Opens a model's files and its text side, and closes them again.
   *
   * @throws StrataException if one of them cannot be used
   */
  static void validate(String location) {
    try (Checkpoint checkpoint = open(location)) {
      text(checkpoint, location).close();
      checkpoint.warnings().forEach(LOG::warn);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
