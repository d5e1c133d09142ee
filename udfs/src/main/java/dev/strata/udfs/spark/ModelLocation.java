package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.TemplateArguments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
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
    try {
      List<String> templates = checkpoint.files().templates();
      return ModelText.load(name -> find(checkpoint, name), templates, location);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
   * @param arguments what its chat template shall be given
   * @throws StrataException if one of them cannot be used, or there is no chat template for the
   *     arguments
   */
  static void validate(String location, TemplateArguments arguments) {
    try (Checkpoint checkpoint = open(location);
        ModelText text = text(checkpoint, location)) {
      requireTemplate(text, arguments, location);
      checkpoint.warnings().forEach(LOG::warn);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireTemplate(
      ModelText text, TemplateArguments arguments, String location) {
    text.requireTemplate(arguments);
    String option = StrataKeys.CHAT_TEMPLATE_KWARGS.option();
    if (!arguments.names().isEmpty() && !text.hasChatTemplate()) {
      throw StrataException.usage(
          "the model in %s has no chat template, which %s is for; leave it out", location, option);
    }
    text.unused(arguments)
        .forEach(
            name ->
                LOG.warn(
                    "{} names {}, which the chat template of {} does not mention: it changes"
                        + " nothing",
                    option,
                    name,
                    location));
  }
}
