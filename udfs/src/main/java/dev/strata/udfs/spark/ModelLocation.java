package dev.strata.udfs.spark;

import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import scala.Option;

/** Opens models where they lie, without a copy: their configuration, headers and tokenizers. */
final class ModelLocation {

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
}
