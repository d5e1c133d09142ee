package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/**
 * Sampling options that may be left open: a component that is null leaves the value below it in
 * force. The model's {@code generation_config.json} lies lowest, the run's options above it, a
 * row's own columns on top.
 */
public record SamplingOverrides(
    Integer maxNewTokens,
    Double repetitionPenalty,
    Double temperature,
    Integer topK,
    Double topP,
    Double minP,
    List<String> stopStrings,
    Boolean ignoreStopTokens,
    List<Integer> stopTokenIds,
    TokenBans bans)
    implements Serializable {

  /** Overrides that ban no token, and stop at no others. */
  public SamplingOverrides(
      Integer maxNewTokens,
      Double repetitionPenalty,
      Double temperature,
      Integer topK,
      Double topP,
      Double minP,
      List<String> stopStrings,
      Boolean ignoreStopTokens) {
    this(
        maxNewTokens,
        repetitionPenalty,
        temperature,
        topK,
        topP,
        minP,
        stopStrings,
        ignoreStopTokens,
        null,
        TokenBans.NONE);
  }

  /** Overrides nothing. */
  public static final SamplingOverrides NONE =
      new SamplingOverrides(null, null, null, null, null, null, null, null);

  /**
   * The options with these overrides laid over them.
   *
   * @throws RowException if a value is out of range
   */
  public SamplingOptions applyTo(SamplingOptions base) {
    return new SamplingOptions(
        orElse(maxNewTokens, base.maxNewTokens()),
        orElse(repetitionPenalty, base.repetitionPenalty()),
        orElse(temperature, base.temperature()),
        orElse(topK, base.topK()),
        orElse(topP, base.topP()),
        orElse(minP, base.minP()),
        orElse(stopStrings, base.stopStrings()),
        orElse(ignoreStopTokens, base.ignoreStopTokens()),
        orElse(stopTokenIds, base.stopTokenIds()),
        bans.over(base.bans()));
  }

  private static <T> T orElse(T value, T otherwise) {
    return value != null ? value : otherwise;
  }
}
