package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import java.util.Map;

/**
 * What a run must have in common with the one whose journal it continues.
 *
 * @param identity that of the options
 * @param more what else, by what it is called in messages
 */
public record RunBasis(GenerationOptions options, RunIdentity identity, Map<String, String> more) {

  /**
   * The options alone.
   *
   * @throws dev.strata.udfs.api.StrataException if the model cannot be used
   */
  static RunBasis of(GenerationOptions options) {
    return new RunBasis(options, Fingerprints.identity(options), Map.of());
  }
}
