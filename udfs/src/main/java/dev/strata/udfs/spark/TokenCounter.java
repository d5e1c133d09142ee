package dev.strata.udfs.spark;

import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;

/** Counts the tokens of texts as a model reads them, without an engine. */
public final class TokenCounter implements AutoCloseable {

  private final ModelText text;

  private TokenCounter(ModelText text) {
    this.text = text;
  }

  static TokenCounter open(String model, Configuration hadoop) {
    try (Checkpoint checkpoint = ModelLocation.open(model, hadoop)) {
      return new TokenCounter(ModelLocation.text(checkpoint, model));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The tokens of a text itself, without those that a prompt adds.
   *
   * @throws dev.strata.udfs.api.RowException if it is too long for the tokenizer
   */
  public int count(String own) {
    return own.isEmpty() ? 0 : text.encode(new RenderedPrompt(own, false)).length;
  }

  @Override
  public void close() {
    text.close();
  }
}
