package dev.strata.udfs.tools;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.text.ModelText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Whether a model is whole: configuration, shards, tokenizer, chat template. */
final class ModelCheck {

  private static final String SUBJECT = "model";

  private ModelCheck() {}

  /**
   * Opens a model, without reading weights.
   *
   * @param location its directory, null for none
   */
  static Finding check(String location) {
    if (location == null) {
      return Finding.warning(SUBJECT, "none is given; name one with --model");
    }
    try (Checkpoint checkpoint = Checkpoint.open(location)) {
      String found = describe(checkpoint, tokens(checkpoint, location));
      List<String> warnings = checkpoint.warnings();
      return warnings.isEmpty()
          ? Finding.ok(SUBJECT, found)
          : Finding.warning(SUBJECT, found + "; " + String.join("; ", warnings));
    } catch (StrataException e) {
      return Finding.failed(SUBJECT, e);
    } catch (RowException e) {
      return Finding.failed(
          SUBJECT,
          Fault.MODEL,
          "its chat template cannot render a greeting: %s; use the one that the model came with"
              .formatted(e.getMessage()));
    } catch (IOException | UncheckedIOException e) {
      return Finding.failed(SUBJECT, Fault.MODEL, "%s cannot be read: %s".formatted(location, e));
    }
  }

  private static String describe(Checkpoint checkpoint, int greetingTokens) {
    return String.format(
        Locale.ROOT,
        "%s with %d layers, %.3g GB read in each sweep; a greeting has %d tokens",
        checkpoint.spec().family(),
        checkpoint.spec().layers().size(),
        checkpoint.weightBytes() / 1e9,
        greetingTokens);
  }

  private static int tokens(Checkpoint checkpoint, String location) throws IOException {
    List<String> templates = checkpoint.files().templates();
    try (ModelText text = ModelText.load(name -> find(checkpoint, name), templates, location)) {
      return text.encode(List.of(new Message("user", "Hello"))).length;
    }
  }

  private static Optional<byte[]> find(Checkpoint checkpoint, String name) {
    try {
      return checkpoint.files().find(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
