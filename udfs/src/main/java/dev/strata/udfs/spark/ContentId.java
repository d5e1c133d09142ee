package dev.strata.udfs.spark;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;

/** The id of a row that has none: what it asks, never where it is. */
final class ContentId {

  private ContentId() {}

  static String of(RowPrompt prompt, SamplingOptions options) {
    return prompt.digest(new Sha256()).add(options).hex();
  }
}
